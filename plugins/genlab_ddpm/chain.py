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

import abc
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn


class ForwardChain(nn.Module, abc.ABC):
    """The tables of a schedule, and the distributions of the chain that adds noise.

    Attributes:
        timesteps: T, the number of steps.
        beta, alpha, alpha_bar, log_snr: `(T,)`, entry t-1 for timestep t.
        signal, noise: `(T,)`, sqrt(alpha_bar) and sqrt(1 - alpha_bar).
        log_noise_var: `(T,)`, log(1 - alpha_bar).
        x_0_weight, x_t_weight: `(T,)`, a_t and b_t.
        log_beta: `(T,)`.
        log_posterior_var: `(T,)`, log btilde_t; its first entry is log beta_1, since btilde_1 = 0.
        log_least_var: `(T,)`, log btilde_t; its first entry is that of t = 2, where there is one.
    """

    timesteps: int
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

    @abc.abstractmethod
    def held(self) -> AbstractContextManager[None]:
        """Return a context in which the tables are computed at most once; the schedule must not change within.

        Outside one the tables are right too, but where the schedule is learned, they are computed at every look.
        """

    @abc.abstractmethod
    def told(self, t: Tensor) -> Tensor:
        """Return what a network is told of timesteps `(B,)`."""

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

    def log_snr_at(self, t: Tensor) -> Tensor:
        """Return the log-SNR at timesteps `(B,)`; at real ones, on the straight line between their neighbors."""
        if not t.is_floating_point():
            return self.log_snr[t - 1]
        before = t.long().clamp(1, max(1, self.timesteps - 1))
        after = (before + 1).clamp(max=self.timesteps)
        log_snr = self.log_snr
        return log_snr[before - 1].lerp(log_snr[after - 1], t - before)

    def scales(self, t: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """Return sqrt(alpha_bar_t) and sqrt(1 - alpha_bar_t), shaped to multiply `like`.

        Args:
            t: `(B,)`, timesteps; real ones too.
            like: `(B, *X)`.
        """
        if not t.is_floating_point():
            return self.at(self.signal, t, like), self.at(self.noise, t, like)
        log_snr = self.log_snr_at(t).reshape(-1, *[1] * (like.ndim - 1))
        return log_snr.sigmoid().sqrt(), (-log_snr).sigmoid().sqrt()

    def diffuse(self, x_0: Tensor, eps: Tensor, t: Tensor) -> Tensor:
        """Return x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps, a draw from q(x_t | x_0).

        Args:
            x_0, eps: `(B, *X)`, eps standard normal.
            t: `(B,)`, timesteps; real ones too.
        """
        signal, noise = self.scales(t, x_0)
        return signal * x_0 + noise * eps

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


def tables(beta: Tensor) -> dict[str, Tensor]:
    """Return all tables of a chain by name, each `(T,)`, differentiable.

    Args:
        beta: `(T,)`, float64.
    """
    log_alpha_bar = torch.log1p(-beta).cumsum(0)
    alpha_bar, noise_var = log_alpha_bar.exp(), -torch.expm1(log_alpha_bar)
    previous = torch.cat([alpha_bar.new_ones(1), alpha_bar[:-1]])
    previous_noise_var = torch.cat([noise_var.new_zeros(1), noise_var[:-1]])
    later_posterior_var = (beta * previous_noise_var / noise_var)[1:]
    return {
        "beta": beta,
        "alpha": 1 - beta,
        "alpha_bar": alpha_bar,
        "log_snr": log_alpha_bar - noise_var.log(),
        "signal": alpha_bar.sqrt(),
        "noise": noise_var.sqrt(),
        "log_noise_var": noise_var.log(),
        "x_0_weight": previous.sqrt() * beta / noise_var,
        "x_t_weight": (1 - beta).sqrt() * previous_noise_var / noise_var,
        "log_beta": beta.log(),
        "log_posterior_var": torch.cat([beta[:1], later_posterior_var]).log(),
        "log_least_var": torch.cat([later_posterior_var[:1], later_posterior_var]).log()
        if len(beta) > 1
        else beta.log(),
    }
