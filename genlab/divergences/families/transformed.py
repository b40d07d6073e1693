"""Two distributions through the same bijection: every divergence of the density ratio is that of their bases."""

from torch import Tensor
from torch.distributions import TransformedDistribution

from genlab.divergences.density_ratio import DensityRatioDivergence
from genlab.divergences.divergence import closed_form
from genlab.divergences.jensen_shannon import JensenShannon
from genlab.divergences.kl import KL
from genlab.divergences.renyi import Renyi
from genlab.divergences.total_variation import TotalVariation


@closed_form(KL, TransformedDistribution, TransformedDistribution)
@closed_form(Renyi, TransformedDistribution, TransformedDistribution)
@closed_form(JensenShannon, TransformedDistribution, TransformedDistribution)
@closed_form(TotalVariation, TransformedDistribution, TransformedDistribution)
def divergence_of_bases(
    divergence: DensityRatioDivergence, q: TransformedDistribution, p: TransformedDistribution
) -> Tensor:
    """Return the divergence of the bases, if the transforms are equal and bijective."""
    if q.transforms != p.transforms or not all(transform.bijective for transform in q.transforms):
        return NotImplemented
    if q.base_dist.event_shape != p.base_dist.event_shape:
        return NotImplemented
    return divergence(q.base_dist, p.base_dist)
