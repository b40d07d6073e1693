"""The linear Gaussian model's bound in closed form, for any Gaussian posterior N(m, C).

E log p(x given z) = log N(x; W m + b, s^2 I) - tr(W C W') / (2 s^2)
E log p(z)         = log N(m; 0, I) - tr(C) / 2
-E log q(z)        = 1/2 log det(2 pi e C)
"""

import math
from collections.abc import Mapping
from typing import ClassVar

import torch

from genlab.interfaces.data_source import Batch
from genlab.interfaces.elbo_estimator import ELBOEstimator
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.variational_family import VariationalFamily
from genlab.ledger import Ledger, Term
from genlab.testing.reference.linear_gaussian.family import GaussianFamily, GaussianPosterior
from genlab.testing.reference.linear_gaussian.model import LinearGaussian


class ClosedForm(ELBOEstimator):
    """Compute every term exactly."""

    partners: ClassVar[Mapping[str, type]] = {"model": LinearGaussian, "family": GaussianFamily}
    protocol = "closed form"

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        """Return `likelihood`, `prior` and `entropy`; `generator` is not used."""
        posterior = family.posterior(batch.x)
        if not isinstance(model, LinearGaussian) or not isinstance(posterior, GaussianPosterior):
            raise TypeError(f"closed form needs a linear Gaussian model and a Gaussian posterior, got {model}.")
        mean, factor = posterior.mean, posterior.factor
        at_mean = model.log_joint(batch.x, mean.unsqueeze(0))
        spread = (model.weight @ factor).square().sum() / model.scale.square()
        entropy = factor.diagonal().log().sum() + 0.5 * len(factor) * (1 + math.log(2 * math.pi))
        values = {
            "likelihood": at_mean["likelihood"][0] - 0.5 * spread,
            "prior": at_mean["prior"][0] - 0.5 * factor.square().sum(),
            "entropy": entropy.expand(len(batch.x)),
        }
        return Ledger(tuple(Term(name, value, "local", exact=True) for name, value in values.items()))
