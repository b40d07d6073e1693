"""Diffusions whose optimal denoiser is known: the tables of a chain in numpy, and the denoiser as a network.

Everything here is written apart from the code under test.
"""

import abc
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from genlab_ddpm.model import DDPM
from genlab_ddpm.network import Network, NetworkSpec
from genlab_ddpm.schedule import Schedule
from torch import Tensor

from genlab.interfaces import DataSpec, Part

BETAS = np.linspace(0.02, 0.95, 6)


def log_snr_chain(first: float, last: float, timesteps: int) -> np.ndarray:
    """Return betas whose log-SNR goes evenly from `first` to `last`."""
    alpha_bar = 1 / (1 + np.exp(-np.linspace(first, last, timesteps)))
    return 1 - alpha_bar / np.concatenate([[1.0], alpha_bar[:-1]])


@dataclass(frozen=True)
class KnownChain(abc.ABC):
    """A chain, and the mean of the data that may lie behind a noisy state."""

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
    def small_var(self) -> np.ndarray:
        return self.betas * (1 - self.before) / (1 - self.alpha_bar)

    def reverse_var(self, variance: str, share: float = 0.5) -> np.ndarray:
        """Return the variances of the reverse chain, `(T,)`."""
        small = np.concatenate([self.betas[:1], self.small_var[1:]])
        least = np.concatenate([self.small_var[1:2], self.small_var[1:]])
        between = np.exp(share * np.log(self.betas) + (1 - share) * np.log(least))
        return {"fixed-small": small, "fixed-large": self.betas, "learned-range": between}[variance]

    def at(self, table: np.ndarray, x_t: Tensor, t: Tensor) -> Tensor:
        """Return a table's entries at timesteps `(B,)`, shaped to multiply x_t."""
        return torch.as_tensor(table, dtype=x_t.dtype)[t - 1].reshape(-1, *[1] * (x_t.ndim - 1))

    @abc.abstractmethod
    def denoised(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Return E[x_0 | x_t], `(B, *X)`, for timesteps `(B,)`."""


class OracleNetwork(Network):
    """The optimal denoiser as a network that predicts eps, x_0 or v, and for a learned variance the same u always."""

    def __init__(self, spec: NetworkSpec, /, *, oracle: KnownChain, prediction: str, share: float = 0.5) -> None:
        super().__init__()
        self.oracle, self.prediction = oracle, prediction
        self.shares = [share] * (spec.num_outputs - 1)
        self.calls: list[Tensor] = []

    def forward(
        self, x_t: Tensor, t: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        self.calls.append(t)
        x_0_hat = self.oracle.denoised(x_t, t)
        s, n = (self.oracle.at(table, x_t, t) for table in (self.oracle.signal, self.oracle.noise))
        eps_hat = (x_t - s * x_0_hat) / n
        prediction = {"x_0": x_0_hat, "eps": eps_hat, "v": s * eps_hat - n * x_0_hat}[self.prediction]
        return torch.stack([prediction, *[torch.full_like(prediction, 2 * share - 1) for share in self.shares]], 1)


class Given(Schedule):
    """Variances that are given."""

    def __init__(self, timesteps: int, bin_width: float | None, /, *, betas: np.ndarray) -> None:
        self._betas = betas

    def betas(self) -> Tensor:
        return torch.as_tensor(self._betas)


def known_model(oracle: KnownChain, spec: DataSpec, *, prediction: Any = "eps", variance: Any = "fixed-small") -> DDPM:
    """Return the model with the optimal denoiser on an oracle's chain, in float64."""
    return DDPM(
        spec,
        timesteps=len(oracle.betas),
        schedule=Part(Given, {"betas": oracle.betas}),
        network=Part(OracleNetwork, {"oracle": oracle, "prediction": prediction}),
        prediction=prediction,
        variance=variance,
    ).double()
