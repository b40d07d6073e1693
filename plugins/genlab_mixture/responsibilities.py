"""Responsibilities: how much each component explains each x, given q(pi) and q(mu).

    log phi_ik = c_k - 1/2 d_ik + const_i
    c_k  = psi(a_k) - psi(A) - 1/2 sum_d v_kd / sigma_d^2
    d_ik = sum_d (x_id - m_kd)^2 / sigma_d^2

This is the exact maximiser of the bound over q(z). Arrays are `(K, B)`: K is small, and what runs over the data
is contiguous.
"""

import torch
from torch import Tensor

from genlab_mixture.factors import GlobalFactors


def offsets(factors: GlobalFactors, noise_scale: Tensor) -> Tensor:
    """Return c, `(K,)` in float64; `noise_scale` is sigma, `(D,)`."""
    return factors.expected_log_weights - 0.5 * variance_ratio(factors, noise_scale)


def variance_ratio(factors: GlobalFactors, noise_scale: Tensor) -> Tensor:
    """Return sum_d v_kd / sigma_d^2, `(K,)` in float64."""
    return (factors.var / noise_scale.double().square()).sum(-1)


def sq_distances(x: Tensor, mean: Tensor, noise_scale: Tensor) -> Tensor:
    """Return d, the squared distances from each x to each mean in units of the noise.

    One coordinate is subtracted directly. Several are multiplied out, |x|^2 - 2 x m + |m|^2, which is a matrix
    product but cancels: float32 would be off by the square of the data's range, float64 is not.

    Args:
        x: `(B, D)`.
        mean: m, `(K, D)`, float64.
        noise_scale: sigma, `(D,)`.

    Returns:
        `(K, B)` in x's precision.
    """
    if x.shape[-1] == 1:
        return ((x.squeeze(-1) - mean.to(x.dtype)) * (1 / noise_scale.to(x.dtype))).square()
    center = mean.detach().mean(0)
    scaled_x = (x.double() - center) / noise_scale.double()
    scaled_mean = (mean - center) / noise_scale.double()
    cross = scaled_mean @ scaled_x.T
    distances = scaled_mean.square().sum(-1, keepdim=True) + scaled_x.square().sum(-1) - 2 * cross
    return distances.clamp_min(0).to(x.dtype)


def log_responsibilities(x: Tensor, factors: GlobalFactors, noise_scale: Tensor) -> Tensor:
    """Return log phi, `(K, B)`, differentiable in the factors."""
    logits = offsets(factors, noise_scale).to(x.dtype).unsqueeze(-1) - 0.5 * sq_distances(x, factors.mean, noise_scale)
    return torch.log_softmax(logits, 0)
