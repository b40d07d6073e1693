"""What checks claim of numbers, each with a message that holds a counterexample."""

import math

import torch
from torch import Tensor

from genlab.testing.check import CannotRun

UNLIKELY = 6.0
"""How many standard errors off a mean must be to be wrong: a right one is less than once in 500 million times."""


def claim(holds: bool, message: str) -> None:
    """Raise unless something holds.

    Raises:
        AssertionError: with the message.
    """
    if not holds:
        raise AssertionError(message)


def claim_finite(values: Tensor, what: str) -> None:
    """Raise where a value is NaN or infinite, naming the first."""
    bad = (~torch.isfinite(values)).nonzero()
    if len(bad):
        place = tuple(bad[0].tolist())
        raise AssertionError(f"{what} must be finite, got {values[place].item()} at {list(place)}")


def claim_values(x: Tensor, levels: int | None, what: str) -> None:
    """Raise unless x is finite, and holds integers 0..L-1 where there are L levels."""
    claim_finite(x, what)
    if levels is not None:
        bad = x[(x != x.round()) | (x < 0) | (x > levels - 1)]
        claim(not bad.numel(), f"{what} must be integers 0..{levels - 1}, got {bad.flatten()[:1].tolist()}")


def claim_equal(actual: Tensor, expected: Tensor, what: str) -> None:
    """Raise unless two tensors are the same to the last bit."""
    _claim_alike(actual, expected, what)
    claim_close(actual, expected, what, rtol=0.0, atol=0.0)


def claim_close(actual: Tensor, expected: Tensor, what: str, *, rtol: float = 1e-8, atol: float = 1e-8) -> None:
    """Raise unless two tensors agree, naming the entry that is furthest off.

    Args:
        actual, expected: of one shape.
        what: what `actual` is.
        rtol: allowed difference as a share of the largest magnitude in `expected`.
        atol: allowed difference besides.
    """
    _claim_alike(actual, expected, what)
    if not actual.numel():
        return
    one, other = actual.detach().double(), expected.detach().double()
    same = (one == other) | (one.isnan() & other.isnan())
    off = torch.where(same, torch.zeros_like(one), (one - other).abs()).nan_to_num(nan=math.inf, posinf=math.inf)
    finite = other[other.isfinite()]
    scale = float(finite.abs().max()) if finite.numel() else 0.0
    if float(off.max()) > atol + rtol * scale:
        place = tuple(int(index) for index in torch.unravel_index(off.argmax(), off.shape))
        where = f" at {list(place)}" if place else ""
        raise AssertionError(f"{what} must be {other[place].item():.10g}, got {one[place].item():.10g}{where}")


def claim_mean(
    samples: Tensor, expected: Tensor | float, what: str, *, expected_se: Tensor | float = 0.0, slack: float = 0.0
) -> None:
    """Raise unless the mean of independent draws is the expected one, as far as chance allows.

    Args:
        samples: `(R, ...)`, R independent draws.
        expected: the mean there should be, `(...)`.
        what: what the mean is of.
        expected_se: the standard error of `expected`, where it is an estimate too.
        slack: a difference that does not matter.
    """
    values = samples.detach().double()
    num, mean = len(values), values.mean(0)
    target = torch.as_tensor(expected, dtype=torch.float64, device=values.device).expand_as(mean)
    chance = values.std(0) / math.sqrt(num)
    se = torch.sqrt(chance.square() + torch.as_tensor(expected_se, dtype=torch.float64, device=values.device).square())
    rounding = slack + 1e-9 * (1 + torch.maximum(mean.abs(), target.abs()))
    excess = (mean - target).abs() / (UNLIKELY * se + rounding)
    claim_finite(excess, f"the mean of {what}")
    if float(excess.max()) > 1:
        place = tuple(int(index) for index in torch.unravel_index(excess.argmax(), excess.shape))
        where = f" at {list(place)}" if place else ""
        raise AssertionError(
            f"{what} must be {target[place].item():.6g} on average, got {mean[place].item():.6g} "
            f"with a standard error of {se[place].item():.2g} over {num} draws{where}"
        )


def claim_tensor(value: object, what: str, *, like: Tensor, shape: tuple[int, ...]) -> None:
    """Raise unless something is a tensor of a shape, in the precision and on the device of another."""
    claim(isinstance(value, Tensor), f"{what} must be a tensor, got {type(value).__name__}")
    assert isinstance(value, Tensor)
    claim(tuple(value.shape) == shape, f"{what} must have shape {shape}, got {tuple(value.shape)}")
    claim(value.dtype == like.dtype, f"{what} must be {like.dtype} where x is, got {value.dtype}")
    claim(value.device == like.device, f"{what} must be on {like.device} where x is, got {value.device}")


def needed(holds: bool, reason: str) -> None:
    """Raise `CannotRun` unless something holds."""
    if not holds:
        raise CannotRun(reason)


def _claim_alike(actual: Tensor, expected: Tensor, what: str) -> None:
    claim(
        actual.shape == expected.shape,
        f"{what} must have shape {tuple(expected.shape)}, got {tuple(actual.shape)}",
    )
