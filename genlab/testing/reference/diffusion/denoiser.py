"""Denoisers that are optimal for data that are known, coordinate by coordinate: E[x_0 | x_t].

x_0 ~ N(m, c):              m + k_t (x_t - signal_t m),   k_t = signal_t c / (signal_t^2 c + noise_t^2)
x_0 uniform on points p_i:  sum_i w_i p_i,   w = softmax_i( -(x_t - signal_t p_i)^2 / (2 noise_t^2) )
"""

import abc
from typing import ClassVar

import torch
from torch import Tensor, nn

from genlab.errors import IncompatibleError
from genlab.interfaces.constraints import PositiveFloat
from genlab.testing.reference.diffusion.chain import Chain


class Denoiser(nn.Module, abc.ABC):
    """From x_t to the x_0 expected behind it. Built with the chain.

    Attributes:
        slot: the key of the model's table that names it.
    """

    slot: ClassVar[str] = "denoiser"

    @abc.abstractmethod
    def forward(self, x_t: Tensor, t: int) -> Tensor:
        """Return x_0_hat, of the shape of x_t, at timestep t in 1..T."""


class NormalDenoiser(Denoiser):
    """Optimal for independent normal coordinates."""

    def __init__(self, chain: Chain, /, *, mean: float = 0.3, var: PositiveFloat = 0.5) -> None:
        """Make one from a recipe's keys.

        Args:
            mean: m, the mean of each coordinate, learned from there.
            var: c, the variance of each coordinate, learned from there.
        """
        super().__init__()
        self._chain = chain
        self.mean = nn.Parameter(torch.tensor(mean))
        self.log_var = nn.Parameter(torch.tensor(var).log())

    def forward(self, x_t: Tensor, t: int) -> Tensor:
        """Return m + k_t (x_t - signal_t m)."""
        signal, noise_var = self._chain.signal[t - 1].item(), self._chain.noise_var[t - 1].item()
        var = self.log_var.exp()
        slope = signal * var / (signal**2 * var + noise_var)
        return self.mean + slope * (x_t - signal * self.mean)


class FiniteDenoiser(Denoiser):
    """Optimal for coordinates that are uniform on finitely many points."""

    def __init__(self, chain: Chain, /, *, points: tuple[float, ...] = (-1.0, 0.2, 1.5)) -> None:
        """Make one from a recipe's keys.

        Args:
            points: the values a coordinate takes, learned from there.

        Raises:
            IncompatibleError: when there are none.
        """
        super().__init__()
        if not points:
            raise IncompatibleError("denoiser.points must have at least one point, got none.")
        self._chain = chain
        self.points = nn.Parameter(torch.tensor(points))

    def forward(self, x_t: Tensor, t: int) -> Tensor:
        """Return the mean of the points, each weighted by how likely it is to have led to x_t."""
        signal, noise_var = self._chain.signal[t - 1].item(), self._chain.noise_var[t - 1].item()
        distance = (x_t.unsqueeze(-1) - signal * self.points).square()
        return torch.softmax(-0.5 * distance / noise_var, -1) @ self.points
