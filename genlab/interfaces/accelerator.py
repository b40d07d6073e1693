"""An accelerator: on which device, in which precision, compiled or not, on how many processes."""

import abc
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import ClassVar

import torch
from torch import Tensor, nn


class Accelerator(abc.ABC):
    """Where and how tensors are computed.

    Attributes:
        slot: the recipe table that names it.
        partners: slots this part depends on, and the class each must have; checked at assembly.
        device: the device of this process.
        precision: `float32` or `bfloat16`, what `autocast` computes in.
    """

    slot: ClassVar[str] = "accelerator"
    partners: ClassVar[Mapping[str, type]] = {}
    device: torch.device
    precision: str

    @abc.abstractmethod
    def place(self, module: nn.Module) -> None:
        """Move a model or a family to the device in place, in the layout that is fastest there.

        Where the recipe asks for it, the networks directly inside the module are compiled.
        """

    @abc.abstractmethod
    def autocast(self) -> AbstractContextManager[None]:
        """Return a context that computes in this accelerator's precision. Bounds are evaluated outside it."""

    @abc.abstractmethod
    def synchronize(self) -> None:
        """Wait until everything submitted to the device is done."""

    @abc.abstractmethod
    def peak_memory_bytes(self) -> int:
        """Return the most memory this process has held on the device so far."""

    @abc.abstractmethod
    def describe(self) -> str:
        """Return the device and precision in words, for people and for `run.json`."""

    def generator(self, seed: int) -> torch.Generator:
        """Return a new generator on the device, seeded."""
        return torch.Generator(self.device).manual_seed(seed)

    @property
    def rank(self) -> int:
        """This process's number among those of the run."""
        return torch.distributed.get_rank() if torch.distributed.is_initialized() else 0

    @property
    def world_size(self) -> int:
        """How many processes share the run."""
        return torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1

    def all_reduce(self, tensor: Tensor) -> Tensor:
        """Return the sum of `tensor` over all processes; `tensor` itself when there is one."""
        if self.world_size == 1:
            return tensor
        total = tensor.clone()
        torch.distributed.all_reduce(total)
        return total
