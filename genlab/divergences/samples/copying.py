"""Whether generated points lie nearer to the training points than new real ones do.

With d(x) the distance of x to the nearest training point, it is

    P(d(g) < d(h)) + P(d(g) = d(h)) / 2

for a generated g and a held-out h: the Mann-Whitney statistic over the number of pairs. It is 1/2 where the two follow
one distribution, 1 where training points are repeated, and below 1/2 where what is generated is far from all that is
real.

Reference: Meehan, Chaudhuri and Dasgupta 2020, "A non-parametric test to detect data-copying in generative models",
section 3, without the standardization.
"""

import torch
from torch import Tensor

from genlab.divergences.samples.neighbors import nearest
from genlab.divergences.samples.squared_mmd import check_sets


def copying(generated: Tensor, held_out: Tensor, training: Tensor) -> float:
    """Return the probability that a generated point is nearer to the training points than a held-out one.

    Args:
        generated, held_out, training: tables of equally many columns; the training points in full, as a copy of one
            that is left out cannot be seen.

    Raises:
        UsageError: the sets are not tables of equally many columns.
    """
    check_sets(generated, training)
    check_sets(held_out, training)
    return share_of_nearer(nearest(generated, training)[0], nearest(held_out, training)[0])


def share_of_nearer(generated: Tensor, held_out: Tensor) -> float:
    """Return P(d(g) < d(h)) + P(d(g) = d(h)) / 2 from the distances, or their squares, `(N,)` and `(M,)`."""
    others = held_out.sort().values
    nearer = others.numel() - torch.searchsorted(others, generated, right=True)
    no_farther = others.numel() - torch.searchsorted(others, generated)
    return float((nearer + no_farther).double().mean() / (2 * others.numel()))
