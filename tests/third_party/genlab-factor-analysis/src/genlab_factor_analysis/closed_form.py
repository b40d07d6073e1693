"""The bound of factor analysis in closed form, for a Gaussian q = N(m, V).

    likelihood = log p(x given z = m) - 1/2 tr(V W' Psi^-1 W)
    kl         = 1/2 [ tr V + m'm - J - log det V ]

With the exact posterior their difference is log p(x).
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from genlab.interfaces import Batch, ELBOEstimator, LatentModel, VariationalFamily
from genlab.ledger import Ledger, Term

from genlab_factor_analysis.family import LinearGaussianFamily
from genlab_factor_analysis.model import FactorAnalysis


class ClosedForm(ELBOEstimator):
    """Compute both terms exactly."""

    partners: ClassVar[Mapping[str, type]] = {"model": FactorAnalysis, "family": LinearGaussianFamily}
    protocol = "closed form"

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        """Return `likelihood` and `kl`, both local, the latter negative; `generator` is not used."""
        if not isinstance(model, FactorAnalysis) or not isinstance(family, LinearGaussianFamily):
            raise TypeError(f"closed-form needs a FactorAnalysis and a LinearGaussianFamily, got {model} and {family}.")
        posterior = family.posterior(batch.x)
        mean, covariance = posterior.mean, posterior.covariance()
        trace = covariance.diagonal().sum()
        # M = I + W' Psi^-1 W, and V is symmetric
        spread = (covariance * model.posterior_precision()).sum() - trace
        shared = trace - model.num_factors - posterior.log_det_covariance()
        likelihood = model.log_likelihood(batch.x, mean) - 0.5 * spread.to(mean.dtype)
        kl = 0.5 * (mean.square().sum(-1) + shared.to(mean.dtype))
        return Ledger((Term("likelihood", likelihood, "local", exact=True), Term("kl", -kl, "local", exact=True)))
