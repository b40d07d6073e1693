"""Fourier features: the fine digits of x, made large enough to see.

    x  ->  [ x, sin(2^n pi x), cos(2^n pi x) for each exponent n ]

Grey levels of 8 bits on [-1, 1] lie 2^-7 apart, so n = 7 turns a step of one level into a half turn. Bits per
dimension are spent on such details once x_t is nearly clean, and a network of smooth filters is blind to them.

Reference: Kingma et al. 2021, section 5.3 and appendix C.
"""

import math

import torch
from torch import Tensor


def with_fourier_features(x: Tensor, exponents: tuple[int, ...]) -> Tensor:
    """Return x and its Fourier features along the channels.

    Args:
        x: `(B, C, H, W)`.
        exponents: E integers n.

    Returns:
        `(B, (1 + 2 E) C, H, W)`.
    """
    angles = [x * (2.0**n * math.pi) for n in exponents]
    return torch.cat([x, *[angle.sin() for angle in angles], *[angle.cos() for angle in angles]], 1) if exponents else x
