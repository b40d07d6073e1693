"""How far two sets of features lie in each other's support, with balls around the points for a support.

The ball of a point reaches to its k-th nearest neighbor in its own set. With r the reference, g the generated points:

    precision = share of g in the ball of some r        recall   = share of r in the ball of some g
    density   = mean number of balls of r a g is in / k  coverage = share of r whose ball holds some g

Precision and density ask whether what is generated could be real, recall and coverage whether all that is real is
generated. Density and coverage use balls of the reference only, so a generated outlier widens nothing.

Reference: Kynkaanniemi et al. 2019, "Improved precision and recall metric", eqs. 1 and 2 (k = 3); Naeem et al. 2020,
"Reliable fidelity and diversity metrics for generative models", eqs. 3 and 4 (there with k = 5).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.divergences.samples.neighbors import rows_of_squared_distances, squared_radii
from genlab.divergences.samples.squared_mmd import check_sets


@dataclass(frozen=True)
class SupportOverlap:
    """Four shares of points.

    Attributes:
        precision, recall, coverage: from 0 to 1.
        density: 0 or more, 1 where the sets are draws of one distribution.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def support_overlap(generated: Tensor, reference: Tensor, *, num_neighbors: int = 3) -> SupportOverlap:
    """Compare two sets of points.

    Args:
        generated, reference: `(N, D)` and `(M, D)`; sets of one size, or the smaller set has the larger balls.
        num_neighbors: k, less than N and M.

    Raises:
        UsageError: the sets are not tables of equally many columns, or have too few rows.
    """
    check_sets(generated, reference)
    reference_radii = squared_radii(reference, num_neighbors)
    generated_radii = squared_radii(generated, num_neighbors)
    # a copy of a point is in its ball, whatever rounding makes of the distance zero
    center = reference.mean(0)
    largest = max(float((one - center).square().sum(1).max()) for one in (generated, reference))
    slack = 16 * torch.finfo(generated.dtype).eps * largest
    precise, balls, recalled = 0, 0, 0
    covered = torch.zeros(reference.shape[0], dtype=torch.bool, device=reference.device)
    for _, squares in rows_of_squared_distances(generated, reference):
        in_reference = squares <= reference_radii + slack
        precise += int(in_reference.any(1).sum())
        balls += int(in_reference.sum())
        covered |= in_reference.any(0)
    for _, squares in rows_of_squared_distances(reference, generated):
        recalled += int((squares <= generated_radii + slack).any(1).sum())
    num_generated, num_reference = generated.shape[0], reference.shape[0]
    return SupportOverlap(
        precision=precise / num_generated,
        recall=recalled / num_reference,
        density=balls / (num_neighbors * num_generated),
        coverage=int(covered.sum()) / num_reference,
    )
