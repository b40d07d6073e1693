"""The reparameterised estimator, with the KL divergence in closed form where there is one.

    ELBO(x) ~ 1/S sum_s log p(x given z_s) - KL(q || p),   z_s = mu + sigma eps_s,   eps_s ~ N(0, I)
    KL(q || p) = 1/2 sum_j [ mu_j^2 + sigma_j^2 - 1 - log sigma_j^2 ]

That is the divergence of a diagonal Gaussian from the standard normal prior. Where the posterior or the prior is
another, its `kl` may have no closed form; it is then the mean over the same draws of log q(z_s given x) - log p(z_s).

With beta other than 1, training minimises -likelihood + beta KL instead; the ledger still holds the bound.

Reference: Kingma & Welling 2014, eq. 10; Higgins et al. 2017 (beta-VAE), eq. 4.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from genlab.interfaces.constraints import NonNegativeFloat, PositiveInt
from genlab.interfaces.data_source import Batch
from genlab.interfaces.elbo_estimator import ELBOEstimator
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.variational_family import Posterior, VariationalFamily
from genlab.ledger import Ledger, Term
from genlab_vae.model import VAE
from genlab_vae.posterior import LatentPosterior


class Reparameterized(ELBOEstimator):
    """Estimate the reconstruction from draws and take the divergence exactly where it is known."""

    partners: ClassVar[Mapping[str, type]] = {"model": VAE}

    def __init__(self, *, samples: PositiveInt = 1, beta: NonNegativeFloat = 1.0) -> None:
        """Make one from a recipe's keys.

        Args:
            samples: S, how many z are drawn for each observation.
            beta: the weight of the divergence in what training minimises; 1 is the bound itself.
        """
        self.samples = samples
        self.beta = beta
        self.protocol = f"reparameterized, {samples} draw{'s' if samples > 1 else ''} of z"

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
        terms = (Term("likelihood", likelihood, "local", exact=False), Term("kl", -kl, "local", exact=exact))
        if self.beta == 1:
            return Ledger(terms)
        return Ledger(terms, surrogate="beta_elbo", surrogate_objective=(self.beta * kl - likelihood).mean())


def _divergence(model: VAE, posterior: Posterior, z: Tensor) -> tuple[Tensor, bool]:
    """Return KL(q || p), `(B,)`, and whether it is exact or a mean over the draws z, `(S, B, J)`."""
    known = posterior.kl(model.prior) if isinstance(posterior, LatentPosterior) else None
    if known is not None:
        return known, True
    log_q = torch.stack(list(posterior.log_prob(z).values())).sum(0)
    return (log_q - model.log_prior(z)).mean(0), False
