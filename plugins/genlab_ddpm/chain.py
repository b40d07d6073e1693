"""The forward chain and everything about it that is known in closed form.

    alpha_t = 1 - beta_t      alpha_bar_t = prod_{s<=t} alpha_s, alpha_bar_0 = 1
    snr_t = alpha_bar_t / (1 - alpha_bar_t)
    q(x_t | x_0)          = N( sqrt(alpha_bar_t) x_0, (1 - alpha_bar_t) I )
    q(x_{t-1} | x_t, x_0) = N( a_t x_0 + b_t x_t, btilde_t I )
    a_t = sqrt(alpha_bar_{t-1}) beta_t / (1 - alpha_bar_t)
    b_t = sqrt(alpha_t) (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t)
    btilde_t = beta_t (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t)

Reference: Ho, Jain & Abbeel 2020, eqs. 2, 4, 6, 7.
"""

from collections.abc import Callable
from typing import Self

import torch
from torch import Tensor, nn


class ForwardChain(nn.Module):
    """The tables of a schedule, and the distributions of the chain that adds noise.

    Tables are computed in float64 and cast once; in whatever precision the module is, they are the float64 values
    rounded once. They follow from the recipe, so they are not part of a checkpoint.

    >>> chain = ForwardChain(torch.tensor([0.1, 0.5], dtype=torch.float64))
    >>> chain.alpha_bar
    tensor([0.9000, 0.4500])

    Attributes:
        beta, alpha, alpha_bar, log_snr: `(T,)`, entry t-1 for timestep t.
        signal, noise: `(T,)`, sqrt(alpha_bar) and sqrt(1 - alpha_bar).
        log_noise_var: `(T,)`, log(1 - alpha_bar).
        x_0_weight, x_t_weight: `(T,)`, a_t and b_t.
        log_beta: `(T,)`.
        log_posterior_var: `(T,)`, log btilde_t; its first entry is log beta_1, since btilde_1 = 0.
        log_least_var: `(T,)`, log btilde_t; its first entry is that of t = 2, where there is one.
    """

    beta: Tensor
    alpha: Tensor
    alpha_bar: Tensor
    log_snr: Tensor
    signal: Tensor
    noise: Tensor
    log_noise_var: Tensor
    x_0_weight: Tensor
    x_t_weight: Tensor
    log_beta: Tensor
    log_posterior_var: Tensor
    log_least_var: Tensor

    def __init__(self, betas: Tensor) -> None:
        """Make one.

        Args:
            betas: beta_1..beta_T, `(T,)`, float64.
        """
        super().__init__()
        self._exact = _tables(betas)
        for name, table in self._exact.items():
            self.register_buffer(name, table.to(torch.get_default_dtype()), persistent=False)

    @property
    def timesteps(self) -> int:
        """T, the number of steps."""
        return self.beta.shape[0]

    @property
    def snr(self) -> Tensor:
        """alpha_bar / (1 - alpha_bar), `(T,)`."""
        return self.log_snr.exp()

    def at(self, table: Tensor, t: Tensor, like: Tensor) -> Tensor:
        """Return a table's entries at timesteps, shaped to multiply `like`.

        Args:
            table: `(T,)`, one of this chain's tables.
            t: `(B,)`, timesteps in 1..T.
            like: `(B, *X)`.
        """
        return table[t - 1].reshape(-1, *[1] * (like.ndim - 1))

    def diffuse(self, x_0: Tensor, eps: Tensor, t: Tensor) -> Tensor:
        """Return x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps, a draw from q(x_t | x_0).

        Args:
            x_0, eps: `(B, *X)`, eps standard normal.
            t: `(B,)`.
        """
        return self.at(self.signal, t, x_0) * x_0 + self.at(self.noise, t, x_0) * eps

    def step(self, x: Tensor, eps: Tensor, t: int) -> Tensor:
        """Return x_t = sqrt(alpha_t) x_{t-1} + sqrt(beta_t) eps, a draw from q(x_t | x_{t-1})."""
        return self.alpha[t - 1].sqrt() * x + self.beta[t - 1].sqrt() * eps

    def posterior_mean(self, x_0: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """Return the mean of q(x_{t-1} | x_t, x_0); at t = 1 it is x_0.

        Args:
            x_0, x_t: `(B, *X)`.
            t: `(B,)`.
        """
        return self.at(self.x_0_weight, t, x_0) * x_0 + self.at(self.x_t_weight, t, x_t) * x_t

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # A change of precision takes the tables from float64 anew, so that `.double()` widens no rounded value.
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for name, table in self._exact.items():
            moved = getattr(self, name)
            setattr(self, name, table.to(device=moved.device, dtype=moved.dtype))
        return self


def _tables(beta: Tensor) -> dict[str, Tensor]:
    alpha = 1 - beta
    alpha_bar = torch.cumprod(alpha, 0)
    previous = torch.cat([alpha_bar.new_ones(1), alpha_bar[:-1]])
    posterior_var = beta * (1 - previous) / (1 - alpha_bar)
    posterior_var[0] = beta[0]
    return {
        "beta": beta,
        "alpha": alpha,
        "alpha_bar": alpha_bar,
        "log_snr": torch.log(alpha_bar) - torch.log1p(-alpha_bar),
        "signal": alpha_bar.sqrt(),
        "noise": (1 - alpha_bar).sqrt(),
        "log_noise_var": torch.log1p(-alpha_bar),
        "x_0_weight": previous.sqrt() * beta / (1 - alpha_bar),
        "x_t_weight": alpha.sqrt() * (1 - previous) / (1 - alpha_bar),
        "log_beta": beta.log(),
        "log_posterior_var": posterior_var.log(),
        "log_least_var": torch.cat([posterior_var[1:2], posterior_var[1:]]).log() if len(beta) > 1 else beta.log(),
    }
