"""Derivatives along one direction: by automatic differentiation, and by central differences.

(f(theta + h d) - f(theta - h d)) / 2h = d . grad f(theta) + O(h^2)
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from genlab.testing.check import CannotRun
from genlab.testing.claims import claim

_STEP = 1e-5
_TOLERANCE = 1e-5


def movable(*modules: nn.Module) -> tuple[nn.Parameter, ...]:
    """Return the parameters of modules that training moves, each once."""
    parameters = dict.fromkeys(parameter for module in modules for parameter in module.parameters())
    return tuple(parameter for parameter in parameters if parameter.requires_grad)


def direction(tensors: Sequence[Tensor], seed: int) -> tuple[Tensor, ...]:
    """Return a random direction in the space of some tensors, of length 1."""
    generator = torch.Generator().manual_seed(seed)
    drawn = [torch.randn(tensor.shape, generator=generator, dtype=torch.float64).to(tensor) for tensor in tensors]
    length = torch.sqrt(sum((one.square().sum() for one in drawn), start=torch.zeros((), dtype=torch.float64)))
    return tuple(one / length.to(one) for one in drawn)


@contextmanager
def shifted(tensors: Sequence[Tensor], along: Sequence[Tensor], step: float) -> Iterator[None]:
    """Move tensors by a step along a direction, in place; afterwards they are as before, to the last bit."""
    kept = [tensor.detach().clone() for tensor in tensors]
    try:
        with torch.no_grad():
            for tensor, one in zip(tensors, along, strict=True):
                tensor.add_(one, alpha=step)
        yield
    finally:
        with torch.no_grad():
            for tensor, was in zip(tensors, kept, strict=True):
                tensor.copy_(was)


def central_difference(
    function: Callable[[], Tensor], tensors: Sequence[Tensor], along: Sequence[Tensor], step: float = _STEP
) -> Tensor:
    """Return the derivative of a function of tensors along a direction, by a central difference."""
    with shifted(tensors, along, step), torch.no_grad():
        above = function()
    with shifted(tensors, along, -step), torch.no_grad():
        below = function()
    return (above - below) / (2 * step)


def claim_gradient(function: Callable[[], Tensor], tensors: Sequence[Tensor], what: str, *, seeds: int = 3) -> None:
    """Raise unless a function's gradient is that of finite differences, along a few random directions.

    Args:
        function: returns a number, `()`, in float64, the same one each time.
        tensors: what it is a function of; they require gradients.
        what: what it computes.
        seeds: how many directions.

    Raises:
        AssertionError: when they differ.
        CannotRun: when the function is not smooth here: two steps give different differences.
    """
    value = function()
    claim(value.requires_grad, f"{what} must be differentiable in its parameters, got a value without a gradient")
    gradients = torch.autograd.grad(value, tensors, allow_unused=True)
    if not any(gradient is not None for gradient in gradients):
        raise AssertionError(f"{what} must be differentiable in its parameters, and uses none of them")
    for seed in range(seeds):
        along = direction(tensors, seed)
        pairs = [(gradient, one) for gradient, one in zip(gradients, along, strict=True) if gradient is not None]
        slope = float(sum((gradient * one).sum() for gradient, one in pairs))
        differences = [float(central_difference(function, tensors, along, step)) for step in (_STEP, _STEP / 2)]
        allowed = _TOLERANCE * (1 + abs(slope) + float(value.detach().abs()) * 1e-3)
        if abs(differences[0] - differences[1]) > allowed:
            raise CannotRun(f"{what} is not smooth here: finite differences are {differences[0]} and {differences[1]}")
        claim(
            abs(slope - differences[1]) <= allowed,
            f"the gradient of {what} along a random direction (seed {seed}) must be {differences[1]:.8g}, the finite "
            f"difference, got {slope:.8g}",
        )
