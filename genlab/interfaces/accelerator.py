"""An accelerator: on which device, in which precision, compiled or not, on how many processes."""

import abc
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import ClassVar

import torch
from torch import Tensor, nn

from genlab.interfaces.partner import Partner


class Accelerator(Partner, abc.ABC):
    """Where and how tensors are computed.

    Attributes:
        slot: the recipe table that names it.
        partners: slots this part depends on, and the class each must have; checked at assembly.
        device: the device of this process.
        precision: `float32` or `bfloat16`, what `autocast` computes in.
    """

    slot: ClassVar[str] = "accelerator"
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
        """Return the device, precision and processes in words, for people and for `run.json`."""

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

    @property
    def processes(self) -> str:
        """How many processes share the run, as a description ends (`, 2 processes`); empty where there is one."""
        return f", {self.world_size} processes" if self.world_size > 1 else ""

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes, prints, evaluates and draws."""
        return self.rank == 0

    def all_reduce(self, tensor: Tensor) -> Tensor:
        """Return the sum of `tensor` over all processes; `tensor` itself when there is one."""
        if self.world_size == 1:
            return tensor
        total = tensor.clone(memory_format=torch.contiguous_format)
        torch.distributed.all_reduce(total)
        return total

    def all_reduce_together(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Return the sum of each tensor over all processes, those of one type sent as one message."""
        if self.world_size == 1:
            return list(tensors)
        summed = list(tensors)
        for dtype in {tensor.dtype for tensor in tensors}:
            places = [place for place, tensor in enumerate(tensors) if tensor.dtype == dtype]
            total = self.all_reduce(torch.cat([tensors[place].flatten() for place in places]))
            for place, part in zip(
                places, torch.split(total, [tensors[place].numel() for place in places]), strict=True
            ):
                summed[place] = part.reshape(tensors[place].shape)
        return summed

    def all_gather(self, tensor: Tensor) -> Tensor:
        """Return what each process holds, `(world_size, *shape)`, the same shape in all."""
        if self.world_size == 1:
            return tensor.unsqueeze(0)
        held = [torch.empty_like(tensor) for _ in range(self.world_size)]
        torch.distributed.all_gather(held, tensor)
        return torch.stack(held)

    def largest(self, *numbers: int) -> list[int]:
        """Return the largest of each number over all processes."""
        if self.world_size == 1:
            return list(numbers)
        held = torch.tensor(numbers)
        torch.distributed.all_reduce(held, torch.distributed.ReduceOp.MAX)
        return [int(number) for number in held.tolist()]
