"""The reparameterised estimator, with the KL divergence in closed form.

    ELBO(x) ~ 1/S sum_s log p(x given z_s) - KL(q || p),   z_s = mu + sigma eps_s,   eps_s ~ N(0, I)
    KL(q || p) = 1/2 sum_j [ mu_j^2 + sigma_j^2 - 1 - log sigma_j^2 ]

With beta other than 1, training minimises -likelihood + beta KL instead; the ledger still holds the bound.

Reference: Kingma & Welling 2014, eq. 10; Higgins et al. 2017 (beta-VAE), eq. 4.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch

from genlab.divergences import kl_normal
from genlab.interfaces.constraints import NonNegativeFloat, PositiveInt
from genlab.interfaces.data_source import Batch
from genlab.interfaces.elbo_estimator import ELBOEstimator
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.variational_family import VariationalFamily
from genlab.ledger import Ledger, Term
from genlab_vae.family import DiagonalGaussian, DiagonalGaussianPosterior
from genlab_vae.model import VAE


class Reparameterized(ELBOEstimator):
    """Estimate the reconstruction from draws and take the divergence exactly."""

    partners: ClassVar[Mapping[str, type]] = {"model": VAE, "family": DiagonalGaussian}

    def __init__(self, *, samples: PositiveInt = 1, beta: NonNegativeFloat = 1.0) -> None:
        """Make one from a recipe's keys.

        Args:
            samples: S, how many z are drawn for each observation.
            beta: the weight of the divergence in what training minimises; 1 is the bound itself.
        """
        self.samples = samples
        self.beta = beta
        self.protocol = f"reparameterized, {samples} draw{'s' if samples > 1 else ''} of z, exact KL"

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        """Estimate `likelihood` and take `kl` exactly; both local, the latter negative."""
        if not isinstance(model, VAE):
            raise TypeError(f"model must be a VAE, got {type(model).__name__}.")
        posterior = family.posterior(batch.x)
        if not isinstance(posterior, DiagonalGaussianPosterior):
            raise TypeError(f"the posterior must be a diagonal Gaussian, got {type(posterior).__name__}.")
        z = posterior.rsample(self.samples, generator=generator)
        likelihood = model.log_likelihood(batch.x, z).mean(0)
        kl = kl_normal(posterior.mean, posterior.log_var, model.zero, model.zero).sum(-1)
        terms = (Term("likelihood", likelihood, "local", exact=False), Term("kl", -kl, "local", exact=True))
        if self.beta == 1:
            return Ledger(terms)
        return Ledger(terms, surrogate="beta_elbo", surrogate_objective=(self.beta * kl - likelihood).mean())
