"""Divergences between distributions, in closed form and in nats."""

import torch
from torch import Tensor


def kl_normal(q_mean: Tensor, q_log_var: Tensor, p_mean: Tensor, p_log_var: Tensor) -> Tensor:
    """Return KL(N(q_mean, q_var) || N(p_mean, p_var)), coordinate by coordinate.

        1/2 [ (q_mean - p_mean)^2 / p_var + r - 1 - log r ],   r = q_var / p_var

    `r - 1 - log r` is taken as `expm1(log r) - log r`, which keeps its digits when the variances nearly agree.

    Args:
        q_mean, q_log_var: mean and log variance of q; broadcastable with those of p.
        p_mean, p_log_var: mean and log variance of p.

    Returns:
        The divergence of each coordinate, in the broadcast shape, never negative.

    >>> kl_normal(torch.tensor(1.0), torch.tensor(0.0), torch.tensor(0.0), torch.tensor(0.0))
    tensor(0.5000)
    """
    log_ratio = q_log_var - p_log_var
    return 0.5 * ((q_mean - p_mean).square() * torch.exp(-p_log_var) + torch.expm1(log_ratio) - log_ratio)
