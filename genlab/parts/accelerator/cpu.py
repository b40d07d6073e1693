"""The CPU of this machine."""

import platform
import sys
from contextlib import AbstractContextManager

import torch
from torch import nn

from genlab.interfaces.accelerator import Accelerator
from genlab.interfaces.constraints import PositiveInt
from genlab.parts.accelerator.freed_memory import keep_freed_memory
from genlab.parts.accelerator.placement import Compile, place_on
from genlab.parts.accelerator.precision import Precision, autocast, resolve_precision

if sys.platform != "win32":
    import resource


class CPU(Accelerator):
    """Compute on the CPU.

    With glibc, a process that makes one keeps the memory it frees (see `freed_memory`): steps that allocate the same
    again then wait for no pages. `MALLOC_TRIM_THRESHOLD_` in the environment leaves glibc as it is.
    """

    def __init__(
        self,
        *,
        precision: Precision = "auto",
        compile: Compile = False,  # noqa: A002 - the recipe's key
        threads: PositiveInt | None = None,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            precision: float32, bfloat16 (autocast), or auto: bfloat16 where the processor multiplies it natively.
            compile: whether networks are compiled with torch.compile, or in which of its modes.
            threads: how many threads torch uses; by default it decides.
        """
        self.device = torch.device("cpu")
        self.precision = resolve_precision(precision, _multiplies_bfloat16())
        self._compile = compile
        if threads is not None:
            torch.set_num_threads(threads)
        keep_freed_memory()

    def place(self, module: nn.Module) -> None:
        """Lay the module out for the CPU."""
        place_on(module, self.device, compile_networks=self._compile)

    def autocast(self) -> AbstractContextManager[None]:
        """Return a context of this precision."""
        return autocast(self.device, self.precision)

    def synchronize(self) -> None:
        """Do nothing: the CPU is never ahead of itself."""

    def peak_memory_bytes(self) -> int:
        """Return the largest resident size of this process; 0 on Windows, which does not tell."""
        if sys.platform == "win32":
            return 0
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024

    def describe(self) -> str:
        """Return the processor, its threads, the precision and the processes."""
        threads = torch.get_num_threads()
        where = f"CPU ({platform.machine()}, {threads} thread{'s' if threads > 1 else ''})"
        return f"{where}, {self.precision}{self.processes}"


def _multiplies_bfloat16() -> bool:
    return bool(torch.cpu._is_avx512_bf16_supported())
