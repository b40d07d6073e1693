"""The 2-Wasserstein distance W_2, the root of the least mean squared distance that mass must travel from q to p.

It is in the unit of x, and changes with it: no bijection but a rigid motion leaves it as it is. Its square adds up
over independent coordinates. Between normals

    W_2^2 = |mu_q - mu_p|^2 + tr(S_q + S_p - 2 (S_q^{1/2} S_p S_q^{1/2})^{1/2}).

Reference: Dowson & Landau 1982, "The Frechet distance between multivariate normal distributions", eq. 16.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution

from genlab.divergences.divergence import Divergence


@dataclass(frozen=True)
class SquaredWasserstein2(Divergence):
    """The square of the 2-Wasserstein distance; smooth at q = p."""

    name: ClassVar[str] = "squared_wasserstein_2"
    symmetric: ClassVar[bool] = True


@dataclass(frozen=True)
class Wasserstein2(Divergence):
    """The 2-Wasserstein distance; it has a kink at q = p, where the gradient is taken as 0."""

    name: ClassVar[str] = "wasserstein_2"
    symmetric: ClassVar[bool] = True

    def derive(self, q: Distribution, p: Distribution) -> Tensor:
        """Return the root of the squared distance."""
        squared = squared_wasserstein_2(q, p)
        zero = squared == 0
        return torch.where(zero, 0.0, squared.masked_fill(zero, 1.0).sqrt())


squared_wasserstein_2 = SquaredWasserstein2()
wasserstein_2 = Wasserstein2()


def procrustes(q_root: Tensor, p_root: Tensor) -> Tensor:
    """Return the covariances' part of W_2^2 between normals, for roots with S = root root'.

    It is |A|^2 + |B|^2 - 2 |A'B|_* (the nuclear norm), which is the least |A - B R|^2 over rotations R, attained at the
    polar factor of B'A. The value is taken from the second form, which loses no digits for nearly equal covariances;
    the gradient from the first, whose backward pass needs no distinct singular values.

    Args:
        q_root, p_root: `(*batch, D, R)` each.
    """
    nuclear = torch.linalg.svdvals(q_root.mT @ p_root).sum(-1)
    size = q_root.square().sum((-2, -1)) + p_root.square().sum((-2, -1))
    graph = size - 2 * nuclear
    with torch.no_grad():
        left, _, right = torch.linalg.svd(p_root.mT @ q_root, full_matrices=False)
        value = (q_root - p_root @ (left @ right)).square().sum((-2, -1))
        # what rounding leaves between equals; a root of it would have a large gradient that means nothing
        value = torch.where(value < size * (32 * torch.finfo(value.dtype).eps) ** 2, 0.0, value)
    return graph - graph.detach() + value
