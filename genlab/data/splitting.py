"""Splitting N observations into training, validation and test data.

A permutation pi of 0..N-1, fixed by a seed, is cut in three: with fractions f_1, f_2, f_3 that sum to 1,

    train = pi[0 : a],   validation = pi[a : b],   test = pi[b : N],   a = floor(f_1 N),   b = floor((f_1 + f_2) N)

so the parts are disjoint, hold everything, and are the same whenever N and the seed are.
"""

import math

import torch
from torch import Tensor

from genlab.errors import DataError, IncompatibleError
from genlab.interfaces.constraints import UnitFloat

Fractions = tuple[UnitFloat, UnitFloat, UnitFloat]
"""The shares of training, validation and test data."""

_SUM_TOLERANCE = 1e-6
"""How far from 1 the fractions may add up: enough for (0.3333333, 0.3333333, 0.3333333)."""


def check_fractions(fractions: Fractions) -> None:
    """Raise if fractions cannot split anything.

    Raises:
        IncompatibleError: when one is negative, they do not sum to 1, or the first is 0.
    """
    shown = ", ".join(f"{fraction:g}" for fraction in fractions)
    if min(fractions) < 0 or abs(sum(fractions) - 1) > _SUM_TOLERANCE:
        raise IncompatibleError(
            f"data.split must be three fractions from 0 to 1 that sum to 1, got [{shown}], which sum to "
            f"{sum(fractions):g}. Write for example split = [0.8, 0.1, 0.1]."
        )
    if fractions[0] == 0:
        raise IncompatibleError(
            f"data.split must leave a share for training, got [{shown}]. Make its first number larger than 0."
        )


def split_indices(num_data: int, fractions: Fractions, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the indices of the training, validation and test data.

    >>> train, validation, test = split_indices(10, (0.8, 0.1, 0.1), seed=0)
    >>> len(train), len(validation), len(test)
    (8, 1, 1)

    Args:
        num_data: N.
        fractions: as `check_fractions` wants them.
        seed: fixes the permutation.

    Returns:
        Three integer tensors: disjoint, together 0..N-1, in the permutation's order.

    Raises:
        DataError: when nothing is left for training.
    """
    total = sum(fractions)
    first = _floor(num_data * (fractions[0] / total))
    second = _floor(num_data * ((fractions[0] + fractions[1]) / total))
    if first == 0:
        raise DataError(
            f"data.split must leave at least one training example, got {fractions[0]:g} of {num_data}. "
            "Make its first number larger, or bring more data."
        )
    order = _permutation(num_data, seed)
    return order[:first], order[first:second], order[second:]


def hold_out(num_data: int, num_held_out: int, seed: int) -> tuple[Tensor, Tensor]:
    """Take validation data from training data.

    Args:
        num_data: how many there are.
        num_held_out: how many of them become validation data.
        seed: fixes which.

    Returns:
        The indices of the training and of the validation data: disjoint, together 0..num_data-1.

    Raises:
        DataError: when nothing is left for training.
    """
    if num_held_out >= num_data:
        raise DataError(
            f"data.validation must leave at least one training example, got {num_held_out} of {num_data}. "
            "Hold out fewer."
        )
    order = _permutation(num_data, seed)
    return order[num_held_out:], order[:num_held_out]


def _permutation(num_data: int, seed: int) -> Tensor:
    return torch.randperm(num_data, generator=torch.Generator().manual_seed(seed))


def _floor(count: float) -> int:
    # 0.7 + 0.1 is a hair below 0.8: without this, 20 examples would be cut after 15 and not 16.
    return math.floor(count + 1e-6)
