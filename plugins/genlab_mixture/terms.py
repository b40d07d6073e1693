"""The seven terms of the mixture's bound, each in closed form.

    likelihood          sum_k phi_ik [ -1/2 log(2 pi sigma^2) - ((x_i - m_k)^2 + v_k) / (2 sigma^2) ]    local
    assignment_prior    sum_k phi_ik [ psi(a_k) - psi(A) ]                                              local
    assignment_entropy  - sum_k phi_ik log phi_ik                                                       local
    weight_prior        E log Dirichlet(pi | alpha)                                                     global
    mean_prior          sum_k [ -1/2 log(2 pi s0^2) - ((m_k - m0)^2 + v_k) / (2 s0^2) ]                   global
    weight_entropy      - E log Dirichlet(pi | a)                                                       global
    mean_entropy        sum_k 1/2 log(2 pi e v_k)                                                       global

Sums over coordinates are left out of the formulas. Local terms are in x's precision, global ones in float64.

Reference: Blei, Kucukelbir & McAuliffe 2017, eq. 21, with Dirichlet weights and every constant kept.
"""

import math

import torch
from torch import Tensor

from genlab_mixture.densities import log_dirichlet, log_normal
from genlab_mixture.factors import GlobalFactors
from genlab_mixture.model import GaussianMixture
from genlab_mixture.responsibilities import sq_distances, variance_ratio


def likelihood(x: Tensor, phi: Tensor, factors: GlobalFactors, noise_scale: Tensor) -> Tensor:
    """Return E log p(x given z, mu), `(B,)`; x is `(B, D)`, phi `(K, B)`, sigma `(D,)`."""
    ratio = variance_ratio(factors, noise_scale).to(x.dtype).unsqueeze(-1)
    inner = -0.5 * (log_noise(noise_scale).to(x.dtype) + sq_distances(x, factors.mean, noise_scale) + ratio)
    return (phi * inner).sum(0)


def log_noise(noise_scale: Tensor) -> Tensor:
    """Return sum_d log(2 pi sigma_d^2), `()` in float64."""
    return (math.log(2 * math.pi) + 2 * noise_scale.double().log()).sum()


def assignment_prior(phi: Tensor, factors: GlobalFactors) -> Tensor:
    """Return E log p(z given pi), `(B,)`; phi is `(K, B)`."""
    return (phi * factors.expected_log_weights.to(phi.dtype).unsqueeze(-1)).sum(0)


def assignment_entropy(log_phi: Tensor) -> Tensor:
    """Return the entropy of q(z), `(B,)`; log_phi is `(K, B)` and finite, so a dead component adds 0."""
    return -(log_phi.exp() * log_phi).sum(0)


def weight_prior(factors: GlobalFactors, concentration: Tensor) -> Tensor:
    """Return E log p(pi), `()`; `concentration` is alpha, `(K,)`."""
    return log_dirichlet(factors.expected_log_weights, concentration.double())


def mean_prior(factors: GlobalFactors, mean_loc: Tensor, mean_scale: Tensor) -> Tensor:
    """Return E log p(mu), `()`; m0 and s0 are `(D,)`."""
    prior_var = mean_scale.double().square()
    return (log_normal(factors.mean, mean_loc.double(), prior_var) - 0.5 * factors.var / prior_var).sum()


def weight_entropy(factors: GlobalFactors) -> Tensor:
    """Return the entropy of q(pi), `()`."""
    return -log_dirichlet(factors.expected_log_weights, factors.concentration)


def mean_entropy(factors: GlobalFactors) -> Tensor:
    """Return the entropy of q(mu), `()`."""
    return 0.5 * (math.log(2 * math.pi) + 1 + torch.log(factors.var)).sum()


def global_terms(factors: GlobalFactors, model: GaussianMixture) -> dict[str, Tensor]:
    """Return the four global terms by name, `()` each."""
    return {
        "weight_prior": weight_prior(factors, model.concentration),
        "mean_prior": mean_prior(factors, model.mean_loc, model.mean_scale),
        "weight_entropy": weight_entropy(factors),
        "mean_entropy": mean_entropy(factors),
    }
