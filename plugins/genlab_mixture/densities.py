"""The densities that the priors and posteriors of a mixture are made of.

log Dirichlet(pi | a) = log G(A) - sum_k log G(a_k) + sum_k (a_k - 1) log pi_k,   A = sum_k a_k
log N(u | m, v)       = -1/2 log(2 pi v) - (u - m)^2 / (2 v)
log Gamma(tau | a, b)  = a log b - log G(a) + (a - 1) log tau - b tau
"""

import math

import torch
from torch import Tensor


def log_dirichlet(log_weights: Tensor, concentration: Tensor) -> Tensor:
    """Return the log-density of weights on the simplex.

    It is linear in log pi, so its expectation is its value at the expected log weights.

    Args:
        log_weights: `(..., K)`, the logarithms of the weights.
        concentration: `(K,)`, positive.

    Returns:
        Nats, `(...)`.
    """
    log_normalizer = torch.lgamma(concentration.sum()) - torch.lgamma(concentration).sum()
    return log_normalizer + ((concentration - 1) * log_weights).sum(-1)


def log_normal(value: Tensor, mean: Tensor, var: Tensor) -> Tensor:
    """Return the log-density of each coordinate; the arguments broadcast."""
    return -0.5 * (math.log(2 * math.pi) + torch.log(var) + (value - mean).square() / var)


def expected_log_weights(concentration: Tensor) -> Tensor:
    """Return E[log pi_k] = psi(a_k) - psi(A) under Dirichlet(a), `(K,)`."""
    return torch.digamma(concentration) - torch.digamma(concentration.sum())


def draw_log_weights(concentration: Tensor, num_draws: int, *, generator: torch.Generator) -> Tensor:
    """Draw the logarithms of Dirichlet weights, `(num_draws, K)`, exactly and without underflow.

    Gammas divided by their sum are Dirichlet, and G(a) = G(a + 1) U^(1/a) in law, whose logarithm stays finite
    where the gamma itself is below the smallest float.

    Reference: Marsaglia & Tsang 2000, section 6.
    """
    shape = concentration.expand(num_draws, -1)
    gammas = torch._standard_gamma(shape + 1, generator=generator)
    exponential = torch.empty_like(gammas).exponential_(generator=generator)  # -log U
    return torch.log_softmax(gammas.log() - exponential / shape, -1)


def log_gamma(value: Tensor, log_value: Tensor, shape: Tensor, rate: Tensor) -> Tensor:
    """Return the log-density a log b - log G(a) + (a - 1) log tau - b tau.

    It is linear in tau and log tau, so its expectation is its value at theirs.
    """
    return shape * rate.log() - torch.lgamma(shape) + (shape - 1) * log_value - rate * value
