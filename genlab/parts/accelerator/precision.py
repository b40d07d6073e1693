"""Precision of arithmetic on a device."""

from typing import Literal

import torch
from torch import nn

Precision = Literal["float32", "bfloat16", "auto"]


def resolve_precision(precision: Precision, bfloat16_is_fast: bool) -> str:
    """Return `float32` or `bfloat16`: what was asked for, or for `auto` the faster of the two."""
    if precision == "auto":
        return "bfloat16" if bfloat16_is_fast else "float32"
    return precision


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return a context that computes matrix products and convolutions in `precision`, the rest as torch decides."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16")


def place_on(module: nn.Module, device: torch.device, *, compile_networks: bool) -> None:
    """Move a module in place, convolutions in channels-last layout, and compile the networks directly inside it.

    A child with parameters of its own is a network; each is compiled as one region.
    """
    module.to(device)
    if any(parameter.ndim == 4 for parameter in module.parameters()):
        module.to(memory_format=torch.channels_last)
    if compile_networks:
        for child in module.children():
            if any(True for _ in child.parameters()):
                child.compile()
