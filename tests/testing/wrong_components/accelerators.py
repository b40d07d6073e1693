"""Accelerators with one fault each: the CPU gone wrong."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch
from torch import Tensor, nn

from genlab.parts.accelerator.cpu import CPU


class _Wrong(CPU):
    """The CPU in float32, to be spoiled."""

    def __init__(self) -> None:
        super().__init__(precision="float32")


class RoundsParameters(_Wrong):
    """Rounds what it places to 8 bits."""

    def place(self, module: nn.Module) -> None:
        super().place(module)
        for parameter in module.parameters():
            parameter.data = parameter.data.bfloat16().float()


class ThawsParameters(_Wrong):
    """Lets frozen parameters be trained."""

    def place(self, module: nn.Module) -> None:
        super().place(module)
        module.requires_grad_(True)


class WrongNumbers(_Wrong):
    """Computes in bfloat16 and says float32."""

    def autocast(self) -> AbstractContextManager[None]:
        return torch.autocast("cpu", dtype=torch.bfloat16)


class NeverEndsAutocast(_Wrong):
    """Leaves autocast on when what it is for fails."""

    def __init__(self) -> None:
        super().__init__()
        self.precision = "bfloat16"

    @contextmanager
    def autocast(self) -> Iterator[None]:
        before = torch.is_autocast_enabled("cpu")
        torch.set_autocast_enabled("cpu", True)
        torch.set_autocast_dtype("cpu", torch.bfloat16)
        yield
        torch.set_autocast_enabled("cpu", before)


class OneSequence(_Wrong):
    """Gives every generator the same seed."""

    def generator(self, seed: int) -> torch.Generator:
        return super().generator(0)


class AddsWhenAlone(_Wrong):
    """Sums over two processes where there is one."""

    def all_reduce(self, tensor: Tensor) -> Tensor:
        return 2 * tensor


class Silent(_Wrong):
    """Does not say what it is."""

    def describe(self) -> str:
        return ""
