"""The chain from data to noise and its closed forms.

    q(x_t | x_{t-1})      = N( sqrt(alpha_t) x_{t-1}, beta_t )
    q(x_t | x_0)          = N( signal_t x_0, noise_t^2 ),   signal_t^2 = alpha_bar_t,   noise_t^2 = 1 - alpha_bar_t
    q(x_{t-1} | x_t, x_0) = N( a_t x_0 + b_t x_t, small_var_t )

Reference: Ho, Jain & Abbeel 2020, eqs. 2, 4, 6 and 7.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Chain:
    """The numbers of a schedule, each `(T,)` in float64, entry t-1 for timestep t.

    >>> Chain.linear(2, 0.1, 0.5).alpha_bar
    tensor([0.9000, 0.4500], dtype=torch.float64)

    Attributes:
        beta: the variances of the noise added.
    """

    beta: Tensor

    @staticmethod
    def linear(timesteps: int, first_beta: float, last_beta: float) -> "Chain":
        """Return T variances that rise linearly."""
        return Chain(torch.linspace(first_beta, last_beta, timesteps, dtype=torch.float64))

    @property
    def timesteps(self) -> int:
        """T."""
        return len(self.beta)

    @property
    def alpha_bar(self) -> Tensor:
        """The share of the data's variance that is left."""
        return torch.cumprod(1 - self.beta, 0)

    @property
    def before(self) -> Tensor:
        """The alpha_bar of the step before, 1 at the first."""
        return torch.cat([self.beta.new_ones(1), self.alpha_bar[:-1]])

    @property
    def signal(self) -> Tensor:
        """What multiplies x_0 in x_t."""
        return self.alpha_bar.sqrt()

    @property
    def noise_var(self) -> Tensor:
        """The variance of x_t given x_0."""
        return 1 - self.alpha_bar

    @property
    def x_0_weight(self) -> Tensor:
        """a_t; 1 at t = 1."""
        return self.before.sqrt() * self.beta / self.noise_var

    @property
    def x_t_weight(self) -> Tensor:
        """b_t; 0 at t = 1."""
        return (1 - self.beta).sqrt() * (1 - self.before) / self.noise_var

    @property
    def small_var(self) -> Tensor:
        """The variance of x_{t-1} given x_t and x_0; 0 at t = 1."""
        return self.beta * (1 - self.before) / self.noise_var
