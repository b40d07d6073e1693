"""One CUDA GPU."""

import os
from contextlib import AbstractContextManager

import torch
from torch import nn

from genlab.errors import DeviceError
from genlab.interfaces.accelerator import Accelerator
from genlab.interfaces.constraints import NonNegativeInt
from genlab.parts.accelerator.placement import Compile, place_on
from genlab.parts.accelerator.precision import Precision, autocast, resolve_precision, use_tf32


class CUDA(Accelerator):
    """Compute on a CUDA GPU."""

    def __init__(
        self,
        *,
        precision: Precision = "auto",
        compile: Compile = False,  # noqa: A002 - the recipe's key
        tf32: bool = True,
        index: NonNegativeInt = 0,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            precision: float32, bfloat16 (autocast), or auto: bfloat16 where the GPU supports it.
            compile: whether networks are compiled with torch.compile, or in which of its modes: reduce-overhead and
                max-autotune record CUDA graphs, so that a GPU need not wait between kernels.
            tf32: whether training rounds what float32 convolutions and matrix products multiply to TF32, several times
                faster; bounds are always evaluated in full float32.
            index: which of the machine's GPUs; of a run on several processes, the first one's, the others following.

        Raises:
            DeviceError: where torch sees no such GPU.
        """
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            index += int(os.environ.get("LOCAL_RANK", "0"))
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if index >= count:
            seen = f"{count} GPU{'s' if count != 1 else ''}" if count else "none"
            raise DeviceError(
                f"accelerator 'cuda' must have GPU {index}, got {seen} (torch {torch.__version__}, built for CUDA "
                f'{torch.version.cuda}). Use accelerator.use = "cpu" or "auto", or a machine with a GPU and its driver.'
            )
        self.device = torch.device("cuda", index)
        self.precision = resolve_precision(precision, torch.cuda.is_bf16_supported(including_emulation=False))
        use_tf32(tf32)
        self._compile = compile

    def place(self, module: nn.Module) -> None:
        """Move the module to the GPU."""
        place_on(module, self.device, compile_networks=self._compile)

    def autocast(self) -> AbstractContextManager[None]:
        """Return a context of this precision."""
        return autocast(self.device, self.precision)

    def synchronize(self) -> None:
        """Wait for the GPU."""
        torch.cuda.synchronize(self.device)

    def peak_memory_bytes(self) -> int:
        """Return the most memory torch has allocated on the GPU."""
        return torch.cuda.max_memory_allocated(self.device)

    def describe(self) -> str:
        """Return the GPU's name, the precision and the processes."""
        return f"{torch.cuda.get_device_name(self.device)}, {self.precision}{self.processes}"
