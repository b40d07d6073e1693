"""Looking at a fitted assembly without changing it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from genlab.assembly.assembly import Assembly


@contextmanager
def _full_float32() -> Iterator[None]:
    """Keep cuDNN from rounding what float32 convolutions multiply to TF32, which it does unless told not to."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


@contextmanager
def looking_at(assembly: Assembly) -> Iterator[None]:
    """Hold the weights to evaluate with, in evaluation mode and without gradients; afterwards all is as before.

    Meanwhile float32 is float32 on a GPU too.
    """
    modules: tuple[nn.Module, ...] = (assembly.model, assembly.family)
    were_training = [module.training for module in modules]
    for module in modules:
        module.eval()
    try:
        with assembly.update.evaluation_weights(), torch.no_grad(), _full_float32():
            yield
    finally:
        for module, training in zip(modules, were_training, strict=True):
            module.train(training)
