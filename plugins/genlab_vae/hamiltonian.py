"""Hamiltonian Monte Carlo: a move of z that leaves a density as it is, along its gradient.

    v ~ N(0, I);   L times   v += eps/2 grad log f(z),   z += eps v,   v += eps/2 grad log f(z)
    accepted with probability min(1, exp(H(z, v) - H(z', v'))),   H(z, v) = -log f(z) + |v|^2 / 2

The leapfrog steps keep H nearly constant, so that far moves are accepted; what they miss, the acceptance makes good.

Reference: Neal 2011 (MCMC using Hamiltonian dynamics), section 5.3.2.
"""

from collections.abc import Callable

import torch
from torch import Tensor

LogDensity = Callable[[Tensor], Tensor]
"""From z, `(S, B, J)`, to the log of a density that need not be normalised, `(S, B)`."""


def move(
    z: Tensor, log_density: LogDensity, step_size: Tensor, leapfrog_steps: int, *, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Move every chain once.

    Args:
        z: `(S, B, J)`, S chains for each of B densities.
        log_density: what the move leaves invariant.
        step_size: `(B,)`, eps.
        leapfrog_steps: L, at least 1.
        generator: the only source of randomness.

    Returns:
        The new z, and the probabilities of acceptance, `(S, B)`.
    """
    eps = step_size[:, None]
    start, velocity = z, torch.randn(z.shape, generator=generator, dtype=z.dtype, device=z.device)
    value, slope = _slope(log_density, z)
    energy = 0.5 * velocity.square().sum(-1) - value
    velocity = velocity + 0.5 * eps * slope
    for step in range(leapfrog_steps):
        z = z + eps * velocity
        value, slope = _slope(log_density, z)
        velocity = velocity + (eps if step < leapfrog_steps - 1 else 0.5 * eps) * slope
    change = energy - (0.5 * velocity.square().sum(-1) - value)
    probability = torch.nan_to_num(change.clamp(max=0).exp(), nan=0.0)  # far out a density may overflow: stay
    chance = torch.rand(probability.shape, generator=generator, dtype=z.dtype, device=z.device)
    return torch.where((chance < probability)[..., None], z, start), probability


@torch.enable_grad()
def _slope(log_density: LogDensity, z: Tensor) -> tuple[Tensor, Tensor]:
    """Return log f(z), `(S, B)`, and its derivative in z, without a graph behind them."""
    z = z.detach().requires_grad_()
    value = log_density(z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    return value.detach(), slope
