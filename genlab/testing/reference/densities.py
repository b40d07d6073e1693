"""The normal density, as the formulas of the reference models write it.

log N(u; m, v) = -1/2 log(2 pi v) - (u - m)^2 / (2 v)
"""

import math

import torch
from torch import Tensor


def log_normal(value: Tensor, mean: Tensor, var: Tensor) -> Tensor:
    """Return the log density of each coordinate in nats; the arguments broadcast.

    >>> log_normal(torch.tensor(0.0), torch.tensor(0.0), torch.tensor(1.0))
    tensor(-0.9189)
    """
    return -0.5 * (math.log(2 * math.pi) + torch.log(var) + (value - mean).square() / var)


def standard_normal(shape: tuple[int, ...], like: Tensor, *, generator: torch.Generator) -> Tensor:
    """Draw standard normal numbers of the type and on the device of `like`."""
    return torch.randn(shape, generator=generator, dtype=like.dtype, device=like.device)
