"""The best device this machine has."""

import torch

from genlab.interfaces.accelerator import Accelerator
from genlab.parts.accelerator.cpu import CPU
from genlab.parts.accelerator.cuda import CUDA
from genlab.parts.accelerator.placement import Compile
from genlab.parts.accelerator.precision import Precision


def auto(*, precision: Precision = "auto", compile: Compile = False) -> Accelerator:  # noqa: A002 - the recipe's key
    """Return a CUDA GPU where there is one, the CPU otherwise.

    Args:
        precision: float32, bfloat16 (autocast), or auto: bfloat16 where the device multiplies it natively.
        compile: whether networks are compiled with torch.compile, or in which of its modes: reduce-overhead and
            max-autotune record CUDA graphs, so that a GPU need not wait between kernels.
    """
    return (CUDA if torch.cuda.is_available() else CPU)(precision=precision, compile=compile)
