"""The kernel distance of two sets of features (KID): the squared maximum mean discrepancy under (x'y / D + 1)^3.

Unlike the Frechet distance it has no bias. Here it is the mean over blocks of rows that do not overlap, whose spread
gives a standard error without further assumptions.

Reference: Binkowski et al. 2018, "Demystifying MMD GANs", section 4, with disjoint blocks (Zaremba et al. 2013,
"B-test", eq. 4) in place of overlapping subsets.
"""

import torch
from torch import Tensor

from genlab.divergences.monte_carlo import Estimate
from genlab.divergences.samples.kernel import Kernel, Polynomial
from genlab.divergences.samples.squared_mmd import check_sets, squared_mmd
from genlab.errors import UsageError


def kernel_distance(
    x: Tensor, y: Tensor, *, block_size: int, generator: torch.Generator, kernel: Kernel | None = None
) -> Estimate:
    """Estimate the distance with a standard error.

    Args:
        x, y: features, `(N, D)` and `(M, D)`. Rows beyond the last whole block are left out.
        block_size: rows of each set in a block, at least 2; at least two blocks must fit.
        generator: decides which rows meet in a block.
        kernel: the cubic polynomial kernel, or another.

    Raises:
        UsageError: the sets are not tables of equally many columns, or fewer than two blocks fit.
    """
    check_sets(x, y)
    num_blocks = min(x.shape[0], y.shape[0]) // max(block_size, 1)
    if block_size < 2 or num_blocks < 2:
        raise UsageError(
            f"block_size must be at least 2 and fit twice into {min(x.shape[0], y.shape[0])} rows, got {block_size} "
            "(kernel_distance)."
        )
    kernel = kernel or Polynomial()
    blocks = [_shuffled(rows, generator)[: num_blocks * block_size].split(block_size) for rows in (x, y)]
    values = torch.stack([squared_mmd(one, two, kernel) for one, two in zip(*blocks, strict=True)])
    error = values.detach().std() / num_blocks**0.5
    return Estimate(values.mean(), error, num_blocks * block_size)


def _shuffled(rows: Tensor, generator: torch.Generator) -> Tensor:
    order = torch.randperm(rows.shape[0], generator=generator, device=generator.device)
    return rows[order.to(rows.device)]
