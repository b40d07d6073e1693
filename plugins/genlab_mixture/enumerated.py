"""The bound with the assignments summed out, and weights and components drawn.

    likelihood ~ 1/S sum_s sum_k phi_ik log N(x_i | component k of draw s)

and so on for every term: only what the observations share is drawn from q, by reparameterised draws (the gammas
among them by implicit differentiation), and the sum over components is exact. No expectation needs conjugacy.

It is the trace estimator with the assignments integrated out (Rao-Blackwell), so it has the same mean and no larger
variance, and its gradient needs no score function. phi is held fixed: it is at the optimum of the bound, so its
derivative is 0 there, and would only add noise.

Reference: Ranganath, Gerrish & Blei 2014, section 3.1; Figurnov, Mohamed & Mnih 2018 (implicit reparameterisation).
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from genlab.interfaces.constraints import PositiveInt
from genlab.interfaces.data_source import Batch
from genlab.interfaces.elbo_estimator import ELBOEstimator
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.variational_family import VariationalFamily
from genlab.ledger import Ledger, Term
from genlab_mixture.densities import log_dirichlet
from genlab_mixture.family import MeanField
from genlab_mixture.model import GaussianMixture
from genlab_mixture.terms import assignment_entropy


class Enumerated(ELBOEstimator):
    """Sum over components, draw what is shared."""

    partners: ClassVar[Mapping[str, type]] = {"model": GaussianMixture, "family": MeanField}

    def __init__(self, *, samples: PositiveInt = 1) -> None:
        """Make one from a recipe's keys.

        Args:
            samples: S, how many weights and components are drawn for a batch.
        """
        self._samples = samples
        self.protocol = f"enumerated, {samples} draw{'s' if samples > 1 else ''} of weights and components"

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        """Estimate every term; `assignment_entropy` is exact."""
        if not isinstance(model, GaussianMixture) or not isinstance(family, MeanField):
            raise TypeError(f"enumerated needs a GaussianMixture and a MeanField, got {model} and {family}.")
        posterior = family.posterior(batch.x)
        log_phi = posterior.log_phi.detach()
        phi, dtype = log_phi.exp(), batch.x.dtype
        log_weights, gaussians = posterior.rsample_global(self._samples, generator=generator)
        log_likelihood = gaussians.log_prob(batch.x, ~batch.x.isnan())
        local = {
            "likelihood": (phi * log_likelihood).sum(1).mean(0),
            "assignment_prior": (phi * log_weights.to(dtype).unsqueeze(-1)).sum(1).mean(0),
        }
        shared: dict[str, Tensor] = {}
        for law, suffix, sign in ((model.prior(), "prior", 1), (posterior.factors, "entropy", -1)):
            densities = {"weight": log_dirichlet(log_weights, law.concentration)}
            densities |= law.components.log_density(gaussians)
            shared |= {f"{name}_{suffix}": sign * value.mean().to(dtype) for name, value in densities.items()}
        return Ledger(
            (
                *(Term(name, value, "local", exact=False) for name, value in local.items()),
                Term("assignment_entropy", assignment_entropy(log_phi), "local", exact=True),
                *(Term(name, value, "global", exact=False) for name, value in shared.items()),
            )
        )
