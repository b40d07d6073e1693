"""All that factor analysis needs to know of the data: how many, their mean, their covariance.

    n        mean = 1/n sum_i x_i        C = 1/n sum_i (x_i - mean)(x_i - mean)'

They are read in one pass. Sums are taken around a point near the mean, in float64, so that nothing cancels.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from genlab.interfaces import Accelerator
from torch import Tensor

_CHUNK = 4096


@dataclass(frozen=True)
class Moments:
    """The moments of n observations, in float64.

    Attributes:
        mean: `(D,)`.
        covariance: C, `(D, D)`.
    """

    mean: Tensor
    covariance: Tensor


@torch.no_grad()
def gather(batches: Iterable[Tensor], accelerator: Accelerator) -> Moments:
    """Read observations once.

    Args:
        batches: tensors `(B, *X)`, at least one, of any size.
        accelerator: adds up what the processes of a run have read.
    """
    chunks = _chunks(batches)
    first = next(chunks)
    shift = accelerator.all_reduce(first.mean(0)) / accelerator.world_size
    count = torch.zeros((), dtype=torch.float64, device=shift.device)
    total, products = torch.zeros_like(shift), shift.new_zeros(len(shift), len(shift))
    centered = first - shift
    while True:
        count += len(centered)
        total += centered.sum(0)
        products.addmm_(centered.T, centered)
        chunk = next(chunks, None)
        if chunk is None:
            break
        centered = chunk - shift
    count, total, products = accelerator.all_reduce_together((count, total, products))
    offset = total / count
    return Moments(shift + offset, products / count - torch.outer(offset, offset))


def _chunks(batches: Iterable[Tensor]) -> Iterator[Tensor]:
    """Yield the observations as `(R, D)` in float64, small batches joined: larger products are faster."""
    waiting: list[Tensor] = []
    for batch in batches:
        waiting.append(batch.flatten(1))
        if sum(map(len, waiting)) >= _CHUNK:
            yield torch.cat(waiting).double()
            waiting = []
    if waiting:
        yield torch.cat(waiting).double()
