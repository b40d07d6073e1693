"""Precision of arithmetic on a device."""

from typing import Literal

import torch

Precision = Literal["float32", "bfloat16", "auto"]


def resolve_precision(precision: Precision, bfloat16_is_fast: bool) -> str:
    """Return `float32` or `bfloat16`: what was asked for, or for `auto` the faster of the two."""
    if precision == "auto":
        return "bfloat16" if bfloat16_is_fast else "float32"
    return precision


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return a context that computes matrix products and convolutions in `precision`, the rest as torch decides."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16")


def use_tf32(wanted: bool) -> None:
    """Say whether GPUs of this process round what float32 convolutions and matrix products multiply to 10 bits."""
    torch.set_float32_matmul_precision("high" if wanted else "highest")
    torch.backends.cudnn.allow_tf32 = wanted
