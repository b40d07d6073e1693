"""The reparameterised estimator, with the KL divergence in closed form where there is one.

    ELBO(x) ~ 1/S sum_s log p(x given z_s) - KL(q || p),   z_s = mu + sigma eps_s,   eps_s ~ N(0, I)
    KL(q || p) = 1/2 sum_j [ mu_j^2 + sigma_j^2 - 1 - log sigma_j^2 ]

That is the divergence of a diagonal Gaussian from the standard normal prior. Where the posterior or the prior is
another, its `kl` may have no closed form; it is then the mean over the same draws of log q(z_s given x) - log p(z_s).

With another objective than `bound`, training minimises -likelihood plus another cost of the divergence (see
`objectives`); the ledger still holds the bound.

Reference: Kingma & Welling 2014, eq. 10.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from genlab.interfaces.constraints import PositiveInt
from genlab.interfaces.data_source import Batch
from genlab.interfaces.elbo_estimator import ELBOEstimator
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.part import Part
from genlab.interfaces.variational_family import Posterior, VariationalFamily
from genlab.ledger import Ledger, Term
from genlab_vae.model import VAE
from genlab_vae.objective import Objective
from genlab_vae.objectives import Bound
from genlab_vae.posterior import LatentPosterior


class Reparameterized(ELBOEstimator):
    """Estimate the reconstruction from draws and take the divergence exactly where it is known."""

    partners: ClassVar[Mapping[str, type]] = {"model": VAE}

    def __init__(self, *, samples: PositiveInt = 1, objective: Part[Objective] = Part(Bound)) -> None:
        """Make one from a recipe's keys.

        Args:
            samples: S, how many z are drawn for each observation.
            objective: what training minimises.
        """
        self.samples = samples
        self.objective = objective()
        self._step: int | None = None
        self.protocol = f"reparameterized, {samples} draw{'s' if samples > 1 else ''} of z"

    def begin_step(self, step: int) -> None:
        """Hear that a training step begins: an objective may change on the way."""
        self._step = step

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        """Estimate `likelihood`, and take or estimate `kl`; both local, the latter negative."""
        if not isinstance(model, VAE):
            raise TypeError(f"model must be a VAE, got {type(model).__name__}.")
        posterior = family.posterior(batch.x)
        z = posterior.rsample(self.samples, generator=generator)
        likelihood = model.log_likelihood(batch.x, z).mean(0)
        kl, exact = _divergence(model, posterior, z)
        terms = (Term("likelihood", likelihood, "local", exact=False), Term("kl", -kl.sum(-1), "local", exact=exact))
        if self.objective.surrogate is None:
            return Ledger(terms)
        cost = self.objective.divergence_cost(kl, self._step if model.training else None)
        return Ledger(terms, self.objective.surrogate, cost - likelihood.mean())


def _divergence(model: VAE, posterior: Posterior, z: Tensor) -> tuple[Tensor, bool]:
    """Return KL(q || p), `(B, G)`, and whether it is exact or a mean over the draws z, `(S, B, J)`.

    The G parts add up to it: one for each latent where they are independent, one in all where they are not.
    """
    if isinstance(posterior, LatentPosterior):
        parts = posterior.kl_by_latent(model.prior)
        if parts is not None:
            return parts, True
        known = posterior.kl(model.prior)
        if known is not None:
            return known.unsqueeze(-1), True
    log_q = torch.stack(list(posterior.log_prob(z).values())).sum(0)
    return (log_q - model.log_prior(z)).mean(0).unsqueeze(-1), False
