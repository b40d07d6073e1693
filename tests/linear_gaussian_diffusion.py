"""A diffusion whose every number is known: data N(m, c I) with the optimal denoiser, which is linear in x_t.

    E[x_0 | x_t] = m + k_t (x_t - s_t m),   k_t = s_t c / (s_t^2 c + n_t^2)
    s_t^2 = alpha_bar_t,   n_t^2 = 1 - alpha_bar_t

Everything here is written from these lines in numpy, apart from the code under test.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from genlab_ddpm.family import ForwardDiffusion
from genlab_ddpm.linear import Linear
from genlab_ddpm.model import DDPM
from known_diffusion import KnownChain, OracleNetwork, known_model, log_snr_chain
from torch import Tensor

from genlab.interfaces import Batch, DataSpec, Part


@dataclass(frozen=True)
class Oracle(KnownChain):
    """The exact answers, for each dimension."""

    mean: float = 0.3
    var: float = 0.5

    @property
    def slope(self) -> np.ndarray:
        return self.signal * self.var / (self.signal**2 * self.var + self.noise**2)

    def x_0_hat(self, x_t: Any, t: Any) -> Any:
        return self.mean + self.slope[t - 1] * (x_t - self.signal[t - 1] * self.mean)

    def denoised(self, x_t: Tensor, t: Tensor) -> Tensor:
        slope, signal = (self.at(table, x_t, t) for table in (self.slope, self.signal))
        return self.mean + slope * (x_t - signal * self.mean)

    def flow(self, states: Any, t: int, following: int) -> Any:
        """Return the probability flow's solution: it keeps (x_t - s_t m) / sqrt(s_t^2 c + n_t^2) as it is.

        Args:
            states: at t.
            t, following: timesteps, 0 for the data.
        """
        signal = np.concatenate([[1.0], self.signal])
        spread = np.sqrt(signal**2 * self.var + 1 - signal**2)
        return signal[following] * self.mean + (states - signal[t] * self.mean) * (spread[following] / spread[t])

    def squared_error(self, x_0: np.ndarray, t: int) -> np.ndarray:
        """Return E (x_0 - x_0_hat)^2 over x_t given x_0."""
        k, s, n = self.slope[t - 1], self.signal[t - 1], self.noise[t - 1]
        return (1 - k * s) ** 2 * (x_0 - self.mean) ** 2 + (k * n) ** 2

    def prior_kl(self, x_0: np.ndarray) -> np.ndarray:
        left = self.alpha_bar[-1]
        return 0.5 * (left * x_0**2 + (1 - left) - 1 - np.log(1 - left))

    def step_kl(self, x_0: np.ndarray, t: int, var: np.ndarray) -> np.ndarray:
        """Return L_{t-1} for the reverse variances `var`."""
        weight = np.sqrt(self.before[t - 1]) * self.betas[t - 1] / (1 - self.alpha_bar[t - 1])
        ratio = self.small_var[t - 1] / var[t - 1]
        return 0.5 * (weight**2 * self.squared_error(x_0, t) / var[t - 1] + ratio - 1 - np.log(ratio))

    def decoder_loss(self, x_0: np.ndarray, var: np.ndarray) -> np.ndarray:
        return 0.5 * (np.log(2 * np.pi * var[0]) + self.squared_error(x_0, 1) / var[0])

    def reverse(self, t: int) -> tuple[float, float]:
        """Return slope and offset of the mean of p(x_{t-1} | x_t)."""
        alpha_bar, before, beta = self.alpha_bar[t - 1], self.before[t - 1], self.betas[t - 1]
        a = np.sqrt(before) * beta / (1 - alpha_bar)
        b = np.sqrt(1 - beta) * (1 - before) / (1 - alpha_bar)
        k = self.slope[t - 1]
        return a * k + b, a * self.mean * (1 - k * self.signal[t - 1])

    def chain_moments(self, var: np.ndarray) -> tuple[float, float]:
        """Return mean and variance of x_0 under the reverse chain from N(0, 1) with variances `var`."""
        mean, spread = 0.0, 1.0
        for t in range(len(self.betas), 0, -1):
            slope, offset = self.reverse(t)
            mean, spread = slope * mean + offset, slope**2 * spread + var[t - 1]
        return mean, spread


def oracle_model(
    oracle: Oracle, *, prediction: Any = "eps", variance: Any = "fixed-small", event_shape: tuple[int, ...] = (2,)
) -> tuple[DDPM, ForwardDiffusion]:
    """Return the model with the optimal denoiser, in float64, and its family."""
    model = DDPM(
        DataSpec("gaussian", event_shape, num_train=100),
        timesteps=len(oracle.betas),
        schedule=Part(Linear, {"beta_1": float(oracle.betas[0]), "beta_T": float(oracle.betas[-1])}),
        network=Part(OracleNetwork, {"oracle": oracle, "prediction": prediction}),
        prediction=prediction,
        variance=variance,
    ).double()
    return model, ForwardDiffusion(model)


def flow_model(oracle: Oracle) -> DDPM:
    """Return the model of an oracle whose betas are no linear schedule."""
    return known_model(oracle, DataSpec("gaussian", (2,), num_train=100), prediction="x_0")


def flow_oracle(steps: int, first: float = 3.0) -> Oracle:
    """Return a chain of `steps` timesteps, evenly spaced in log-SNR from `first` to -6."""
    return Oracle(betas=log_snr_chain(first, -6.0, steps))


def repeated(x_0: list[float], count: int) -> Batch:
    """Return one observation, `count` times."""
    x = torch.tensor(x_0, dtype=torch.float64).expand(count, len(x_0))
    return Batch(x, num_data=count)


def seeded(seed: int = 0) -> torch.Generator:
    """Return a generator."""
    return torch.Generator().manual_seed(seed)
