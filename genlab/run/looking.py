"""Looking at a fitted assembly without changing it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from genlab.assembly.assembly import Assembly


@contextmanager
def _full_float32() -> Iterator[None]:
    """Keep what float32 convolutions and matrix products multiply from being rounded to TF32, as training may do."""
    convolutions, products = torch.backends.cudnn.allow_tf32, _precision_of_products()
    torch.backends.cudnn.allow_tf32 = False
    if products is not None:
        torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        if products is not None:
            torch.set_float32_matmul_precision(products)
        torch.backends.cudnn.allow_tf32 = convolutions


def _precision_of_products() -> str | None:
    """Return torch's setting; None where a program has set parts of it apart, and has to know."""
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:
        return None


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
