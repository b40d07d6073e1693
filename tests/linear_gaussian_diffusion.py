"""A diffusion whose every number is known: data N(m, c I) with the optimal denoiser, which is linear in x_t.

    E[x_0 | x_t] = m + k_t (x_t - s_t m),   k_t = s_t c / (s_t^2 c + n_t^2)
    s_t^2 = alpha_bar_t,   n_t^2 = 1 - alpha_bar_t

Everything here is written from these lines in numpy, apart from the code under test.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from genlab_ddpm.family import ForwardDiffusion
from genlab_ddpm.linear import Linear
from genlab_ddpm.model import DDPM
from genlab_ddpm.network import Network, NetworkSpec
from torch import Tensor

from genlab.interfaces import Batch, DataSpec, Part

BETAS = np.linspace(0.02, 0.95, 6)


@dataclass(frozen=True)
class Oracle:
    """The exact answers, for each dimension."""

    mean: float = 0.3
    var: float = 0.5
    betas: np.ndarray = field(default_factory=lambda: BETAS)

    @property
    def alpha_bar(self) -> np.ndarray:
        return np.cumprod(1 - self.betas)

    @property
    def before(self) -> np.ndarray:
        return np.concatenate([[1.0], self.alpha_bar[:-1]])

    @property
    def signal(self) -> np.ndarray:
        return np.sqrt(self.alpha_bar)

    @property
    def noise(self) -> np.ndarray:
        return np.sqrt(1 - self.alpha_bar)

    @property
    def slope(self) -> np.ndarray:
        return self.signal * self.var / (self.signal**2 * self.var + self.noise**2)

    @property
    def small_var(self) -> np.ndarray:
        return self.betas * (1 - self.before) / (1 - self.alpha_bar)

    def reverse_var(self, variance: str, share: float = 0.5) -> np.ndarray:
        """Return the variances of the reverse chain, `(T,)`."""
        small = np.concatenate([self.betas[:1], self.small_var[1:]])
        least = np.concatenate([self.small_var[1:2], self.small_var[1:]])
        between = np.exp(share * np.log(self.betas) + (1 - share) * np.log(least))
        return {"fixed-small": small, "fixed-large": self.betas, "learned-range": between}[variance]

    def x_0_hat(self, x_t: Any, t: Any) -> Any:
        return self.mean + self.slope[t - 1] * (x_t - self.signal[t - 1] * self.mean)

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


class OracleNetwork(Network):
    """The optimal denoiser as a network that predicts eps, x_0 or v, and for a learned variance the same u always."""

    def __init__(self, spec: NetworkSpec, /, *, oracle: Oracle, prediction: str, share: float = 0.5) -> None:
        super().__init__()
        self.oracle, self.prediction = oracle, prediction
        self.shares = [share] * (spec.num_outputs - 1)
        self.calls: list[Tensor] = []

    def forward(
        self, x_t: Tensor, t: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        self.calls.append(t)
        shape = (-1, *[1] * (x_t.ndim - 1))
        k, s, n = (
            torch.as_tensor(table, dtype=x_t.dtype)[t - 1].reshape(shape)
            for table in (self.oracle.slope, self.oracle.signal, self.oracle.noise)
        )
        x_0_hat = self.oracle.mean + k * (x_t - s * self.oracle.mean)
        eps_hat = (x_t - s * x_0_hat) / n
        prediction = {"x_0": x_0_hat, "eps": eps_hat, "v": s * eps_hat - n * x_0_hat}[self.prediction]
        return torch.stack([prediction, *[torch.full_like(prediction, 2 * share - 1) for share in self.shares]], 1)


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


def repeated(x_0: list[float], count: int) -> Batch:
    """Return one observation, `count` times."""
    x = torch.tensor(x_0, dtype=torch.float64).expand(count, len(x_0))
    return Batch(x, num_data=count)


def seeded(seed: int = 0) -> torch.Generator:
    """Return a generator."""
    return torch.Generator().manual_seed(seed)
