"""The mean-field posterior of one batch.

q(z, pi, mu given x) = prod_i Cat(z_i | phi_i) * Dirichlet(pi | a) * prod_k N(mu_k | m_k, v_k)
"""

import torch
from torch import Tensor

from genlab.interfaces.variational_family import Posterior
from genlab_mixture.densities import draw_log_weights, log_dirichlet, log_normal
from genlab_mixture.factors import GlobalFactors
from genlab_mixture.latents import MixtureLatents


class MixturePosterior(Posterior):
    """q for B observations; it has no reparameterised draw, because z is discrete.

    Attributes:
        log_phi: `(K, B)`, log-probabilities of the assignments.
        factors: q of the weights and the means.
    """

    def __init__(self, log_phi: Tensor, factors: GlobalFactors) -> None:
        """Make one.

        Args:
            log_phi: `(K, B)`, log-probabilities of the assignments.
            factors: q of the weights and the means.
        """
        self.log_phi, self.factors = log_phi, factors

    @torch.no_grad()
    def sample(self, num_samples: int, *, generator: torch.Generator) -> MixtureLatents:
        """Draw assignments, weights and means, all independent."""
        # The smallest E_k / phi_k of standard exponentials E_k falls on component k with probability phi_k.
        race = torch.empty(num_samples, *self.log_phi.shape, dtype=self.log_phi.dtype, device=self.log_phi.device)
        assignments = (self.log_phi - race.exponential_(generator=generator).log_()).argmax(1)
        log_weights = draw_log_weights(self.factors.concentration, num_samples, generator=generator)
        means = draw_means(self.factors, num_samples, generator=generator)
        return MixtureLatents(assignments, log_weights, means.to(self.log_phi.dtype))

    def log_prob(self, z: MixtureLatents) -> dict[str, Tensor]:
        """Return `assignment_entropy`, `(S, B)`, and `weight_entropy` and `mean_entropy`, `(S,)`."""
        dtype = self.log_phi.dtype
        mean_log_prob = log_normal(z.means, self.factors.mean, self.factors.var).sum((-1, -2))
        return {
            "assignment_entropy": self.log_phi.T.gather(1, z.assignments.T).T,
            "weight_entropy": log_dirichlet(z.log_weights, self.factors.concentration).to(dtype),
            "mean_entropy": mean_log_prob.to(dtype),
        }


def draw_means(factors: GlobalFactors, num_draws: int, *, generator: torch.Generator) -> Tensor:
    """Draw the means from q, `(num_draws, K, D)` in float64."""
    shape = (num_draws, *factors.mean.shape)
    noise = torch.randn(shape, generator=generator, dtype=factors.mean.dtype, device=factors.mean.device)
    return factors.mean + factors.var.sqrt() * noise
