"""Modules on a device: their layout in memory, and compiling the networks inside them.

A mode that records CUDA graphs launches a network as a whole, so that the GPU does not wait between small kernels. A
graph writes its output to the same place at every call, so what is handed on is a copy.
"""

from typing import Any, Literal

import torch
from torch import nn

Compile = bool | Literal["reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs"]

_RECORDING = frozenset({"reduce-overhead", "max-autotune"})


def place_on(module: nn.Module, device: torch.device, *, compile_networks: Compile) -> None:
    """Move a module in place, convolutions in channels-last layout, and compile the networks directly inside it.

    A child with parameters of its own is a network; each is compiled as one region.

    Args:
        module: a model or a family.
        device: where to.
        compile_networks: whether, or in which mode of torch.compile.
    """
    module.to(device)
    if any(parameter.ndim == 4 for parameter in module.parameters()):
        module.to(memory_format=torch.channels_last)
    if compile_networks:
        for child in module.children():
            if any(True for _ in child.parameters()):
                _compile(child, compile_networks)


def _compile(network: nn.Module, how: Compile) -> None:
    if how not in _RECORDING:
        network.compile(mode=None if how is True else how)
        return
    recorded = torch.compile(network.forward, mode=str(how))

    def forward(*arguments: Any, **keywords: Any) -> Any:
        return _copied(recorded(*arguments, **keywords))

    network.forward = forward  # outside what is compiled, or the copy would be recorded too


def _copied(output: Any) -> Any:
    return output.clone() if isinstance(output, torch.Tensor) else tuple(tensor.clone() for tensor in output)
