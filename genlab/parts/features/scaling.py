"""Observations as rows of numbers of one order: grey levels from 0 to 1, real columns in their standard deviations."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces.accelerator import Accelerator
from genlab.interfaces.data_source import Batch, Splits

READ_AT_ONCE = 500


@dataclass(frozen=True)
class Scaling:
    """The map (x - shift) / scale of flattened observations.

    Attributes:
        shift, scale: `()` or `(D,)`, in float64.
        words: what it does, for a protocol.
    """

    shift: Tensor
    scale: Tensor
    words: str

    def rows(self, x: Tensor) -> Tensor:
        """Return observations `(B, *X)` as rows `(B, D)` in float64."""
        return (x.flatten(1).double() - self.shift) / self.scale


def scaling_of(data: Splits, accelerator: Accelerator) -> Scaling:
    """Return the scaling of a data set: by its levels, or by its training data where these are real numbers.

    Raises:
        IncompatibleError: when values are missing.
    """
    spec, device = data.spec, accelerator.device
    if spec.missing:
        raise IncompatibleError(
            f"eval.features must compare observations without missing values, and {spec.name} has some. Leave their "
            "rows or columns out of the data."
        )
    if spec.levels is not None:
        largest = torch.tensor(float(max(spec.levels - 1, 1)), dtype=torch.float64, device=device)
        return Scaling(torch.zeros_like(largest), largest, "values from 0 to 1")
    total = torch.zeros(spec.num_dims, dtype=torch.float64, device=device)
    # about the first observation, so that columns far from zero keep their digits
    first = next(training_batches(data, accelerator, 1)).x.flatten(1).double()
    squares, count = total.clone(), 0
    for batch in training_batches(data, accelerator, len(data.train)):
        rows = batch.x.flatten(1).double() - first
        total, squares, count = total + rows.sum(0), squares + rows.square().sum(0), count + len(rows)
    std = (squares / count - (total / count).square()).clamp(min=0).sqrt()
    constant = std <= 1e-9 * first[0].abs().clamp(min=1e-300)
    return Scaling(first[0] + total / count, torch.where(constant, 1.0, std), "standardized columns")


def training_batches(data: Splits, accelerator: Accelerator, most: int) -> Iterator[Batch]:
    """Read the first training observations, `most` of them or all there are."""
    stop = min(most, len(data.train))
    return data.train.in_order(READ_AT_ONCE, accelerator.generator(0), stop=stop)
