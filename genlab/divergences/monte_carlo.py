"""Divergences estimated from draws, with a standard error.

Half the draws are from q and half from p, so that together they are a stratified sample of m = (q + p) / 2, and the
mean of the divergence's integrand over them estimates E_m[h] without bias. Where the divergence is a function of that
mean (Renyi, Bhattacharyya) the estimate is consistent, and its standard error is that of the mean times the slope.

The gradient is right too: every summand carries the factor q(x) / q(x), or p(x) / p(x), whose denominator has no
gradient, which adds the score to the derivative of the integrand (Foerster et al. 2018, "DiCE", eq. 5).
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.distributions import Distribution

from genlab.divergences.density_ratio import DensityRatioDivergence
from genlab.divergences.divergence import Divergence, check_pair
from genlab.divergences.drawing import draw
from genlab.errors import UsageError


@dataclass(frozen=True)
class Estimate:
    """A divergence estimated from draws.

    Attributes:
        value: `(*batch)`, in the unit of the divergence; with a gradient where densities have one.
        standard_error: `(*batch)`, of the same unit; infinite where the value is. It is itself estimated, and says
            too little where a few draws carry most of the mean, as for Renyi divergences of high order.
        num_samples: S, the draws from each of q and p.
    """

    value: Tensor
    standard_error: Tensor
    num_samples: int


def monte_carlo(
    divergence: Divergence, q: Distribution, p: Distribution, *, num_samples: int, generator: torch.Generator
) -> Estimate:
    """Estimate a divergence of any two distributions that have densities and can be drawn from.

    Args:
        divergence: `kl`, `Renyi(2.0)`, ...: any that is a mean over the density ratio, so not a Wasserstein distance.
        q, p: distributions with the same event shape and batch shapes that broadcast.
        num_samples: S, how many draws to take from each; at least 2.
        generator: the only source of randomness; torch's global generators are left as they were.

    Raises:
        UsageError: the divergence cannot be estimated this way, there are too few draws, or event shapes differ.
    """
    if not isinstance(divergence, DensityRatioDivergence):
        raise UsageError(
            f"divergence must be a mean over the density ratio, got {divergence.name} (monte_carlo). "
            "Compare draws instead, with squared_mmd or frechet_distance."
        )
    if num_samples < 2:
        raise UsageError(f"num_samples must be at least 2, got {num_samples} (monte_carlo).")
    check_pair("monte_carlo", q, p)
    shape = torch.broadcast_shapes(q.batch_shape, p.batch_shape)
    q, p = q.expand(shape), p.expand(shape)
    q_draws, p_draws = draw(q, num_samples, generator), draw(p, num_samples, generator)
    at_q, at_p = q.log_prob(q_draws), p.log_prob(p_draws)
    q_values = _weighted(divergence.integrand(at_q - _log_prob_anywhere(p, q_draws, p_draws)), at_q)
    p_values = _weighted(divergence.integrand(_log_prob_anywhere(q, p_draws, q_draws) - at_p), at_p)
    mean = (q_values.mean(0) + p_values.mean(0)) / 2
    spread = torch.sqrt((q_values.detach().var(0) + p_values.detach().var(0)) / num_samples) / 2
    error = torch.where(mean.isinf(), torch.inf, spread * _slope(divergence, mean))
    return Estimate(divergence.outer(mean), error, num_samples)


def _weighted(values: Tensor, log_prob: Tensor) -> Tensor:
    """Return `values` at draws with this log density, times a one whose gradient is the score."""
    return values * torch.exp(log_prob - log_prob.detach())


def _log_prob_anywhere(distribution: Distribution, x: Tensor, inside: Tensor) -> Tensor:
    """Return the log density, -inf out of the support, where `log_prob` itself may raise.

    Args:
        distribution: with the batch shape of `x`.
        x: `(S, *batch, *event)`.
        inside: points in the support to ask for instead, in the same shape.
    """
    try:
        support = distribution.support
    except NotImplementedError:
        support = None
    if support is None:
        return distribution.log_prob(x)
    event = len(distribution.event_shape)
    batch = x.shape[: x.dim() - event]
    supported = support.check(x).reshape((*batch, -1)).all(-1)
    mask = supported.reshape(batch + (1,) * event)
    return torch.where(supported, distribution.log_prob(torch.where(mask, x, inside)), -torch.inf)


def _slope(divergence: DensityRatioDivergence, mean: Tensor) -> Tensor:
    """Return the derivative of `outer`."""
    at = mean.detach().requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(divergence.outer(at).sum(), at)
    return slope.abs()
