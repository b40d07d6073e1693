"""The mixture's bound in closed form: named terms, no draws.

phi is at its optimum given the factors, so the gradient of the bound in the factors is the gradient with phi held
fixed (the derivative in phi is 0 there), although autograd takes phi along.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch

from genlab.interfaces.data_source import Batch
from genlab.interfaces.elbo_estimator import ELBOEstimator
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.variational_family import VariationalFamily
from genlab.ledger import Ledger, Term
from genlab_mixture.family import MeanField
from genlab_mixture.model import GaussianMixture
from genlab_mixture.terms import assignment_entropy, assignment_prior, global_terms, likelihood


class ClosedForm(ELBOEstimator):
    """Compute every term exactly."""

    partners: ClassVar[Mapping[str, type]] = {"model": GaussianMixture, "family": MeanField}
    protocol = "closed form"

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        """Return the terms; `generator` is not used."""
        if not isinstance(model, GaussianMixture) or not isinstance(family, MeanField):
            raise TypeError(f"closed-form needs a GaussianMixture and a MeanField, got {model} and {family}.")
        posterior = family.posterior(batch.x)
        phi, factors = posterior.log_phi.exp(), posterior.factors
        local = {
            "likelihood": likelihood(batch.x, ~batch.x.isnan(), phi, factors),
            "assignment_prior": assignment_prior(phi, factors),
            "assignment_entropy": assignment_entropy(posterior.log_phi),
        }
        shared = {name: value.to(batch.x.dtype) for name, value in global_terms(factors, model.prior()).items()}
        return Ledger(
            (
                *(Term(name, value, "local", exact=True) for name, value in local.items()),
                *(Term(name, value, "global", exact=True) for name, value in shared.items()),
            )
        )
