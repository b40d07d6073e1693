"""The mean-field posterior of one batch.

q(z, pi, parameters given x) = prod_i Cat(z_i | phi_i) * Dirichlet(pi | a) * prod_k q(parameters of k)
"""

import torch
from torch import Tensor

from genlab.interfaces.variational_family import Posterior
from genlab_mixture.densities import draw_log_weights, log_dirichlet
from genlab_mixture.factors import GlobalFactors
from genlab_mixture.gaussians import Gaussians
from genlab_mixture.latents import MixtureLatents


class MixturePosterior(Posterior):
    """q for B observations; it has no reparameterised draw, because z is discrete.

    Attributes:
        log_phi: `(K, B)`, log-probabilities of the assignments.
        factors: q of the weights and of the components' parameters.
        x: `(B, D)`, the observations.
    """

    def __init__(self, log_phi: Tensor, factors: GlobalFactors, x: Tensor) -> None:
        """Make one.

        Args:
            log_phi: `(K, B)`, log-probabilities of the assignments.
            factors: q of the weights and of the components' parameters.
            x: `(B, D)`, the observations.
        """
        self.log_phi, self.factors, self.x = log_phi, factors, x

    @torch.no_grad()
    def sample(self, num_samples: int, *, generator: torch.Generator) -> MixtureLatents:
        """Draw assignments, weights and the components' parameters, all independent."""
        # The smallest E_k / phi_k of standard exponentials E_k falls on component k with probability phi_k.
        race = torch.empty(num_samples, *self.log_phi.shape, dtype=self.log_phi.dtype, device=self.log_phi.device)
        assignments = (self.log_phi - race.exponential_(generator=generator).log_()).argmax(1)
        return MixtureLatents(assignments, *self.rsample_global(num_samples, generator=generator))

    def rsample_global(self, num_samples: int, *, generator: torch.Generator) -> tuple[Tensor, Gaussians]:
        """Draw log-weights, `(S, K)`, and Gaussians, differentiable in the parameters of the factors."""
        log_weights = draw_log_weights(self.factors.concentration, num_samples, generator=generator)
        return log_weights, self.factors.components.draw(num_samples, generator=generator)

    def log_prob(self, z: MixtureLatents) -> dict[str, Tensor]:
        """Return `assignment_entropy`, `(S, B)`, and one for each kind of global parameter, `(S,)`.

        Those are `weight_entropy`, `mean_entropy` and, where the noise is learned, `precision_entropy`.
        """
        shared = {"weight": log_dirichlet(z.log_weights, self.factors.concentration)}
        shared |= self.factors.components.log_density(z.gaussians)
        return {
            "assignment_entropy": self.log_phi.T.gather(1, z.assignments.T).T,
            **{f"{name}_entropy": value.to(self.log_phi.dtype) for name, value in shared.items()},
        }

    def describe(self) -> dict[str, Tensor]:
        """Return what is known of each observation.

        Returns:
            `component`, `(B,)`, the most probable; `responsibilities`, `(B, K)`; and `log_predictive_nats`, `(B,)`,
            the log-density of a new observation at this place, given the data the mixture was fitted to.
        """
        return {
            "component": self.log_phi.argmax(0),
            "responsibilities": self.log_phi.exp().T,
            "log_predictive_nats": self.factors.log_predictive(self.x),
        }
