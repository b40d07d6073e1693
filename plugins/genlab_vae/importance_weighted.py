"""The importance-weighted bound on the log evidence.

    L_k = E[ log 1/k sum_i w_i ],   w_i = p(x, z_i) / q(z_i given x),   z_i ~ q(z given x)

L_1 is the ELBO, L_k <= L_{k+1} <= log p(x), and L_k tends to log p(x) as k grows. It is trained with a few
draws and evaluated with thousands; without gradients, a few observations and some of their draws go through at a
time, and only the weights are kept, one number a draw. The sum of their squares tells how many draws had a say,

    effective sample size = (sum_i w_i)^2 / sum_i w_i^2,   from 1, where one weight is all, to k, where all are equal.

With gradients, a part of its own says how they are estimated (see `weight_gradients`).

Reference: Burda, Grosse & Salakhutdinov 2016, eq. 8 and theorem 1.
"""

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from genlab.interfaces.constraints import PositiveInt
from genlab.interfaces.data_source import Batch
from genlab.interfaces.elbo_estimator import ELBOEstimator
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.part import Part
from genlab.interfaces.variational_family import VariationalFamily
from genlab.ledger import Ledger, Term
from genlab_vae.directed import DirectedModel
from genlab_vae.weight_gradient import WeightGradient
from genlab_vae.weight_gradients import Reparameterized, log_weights

_NUMBERS_AT_ONCE = {"cpu": 2**20, "device": 2**26}
"""How many dimensions of x, over draws and observations, are decoded together: a CPU's caches, or a device's memory."""


class ImportanceWeighted(ELBOEstimator):
    """Estimate the bound as the log of a mean of importance weights."""

    partners: ClassVar[Mapping[str, type]] = {"model": DirectedModel}

    def __init__(self, *, samples: PositiveInt = 5, gradient: Part[WeightGradient] = Part(Reparameterized)) -> None:
        """Make one from a recipe's keys.

        Args:
            samples: k, how many weights are averaged for each observation.
            gradient: how the gradient of the bound is estimated; the bound is the same with each.
        """
        self.samples = samples
        self.gradient = gradient()
        self.gradient_on_average = self.gradient.on_average
        self.bound_name = f"log_evidence_iw{samples}"
        self.protocol = f"importance-weighted, {samples} weight{'s' if samples > 1 else ''} an example"

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        """Return one local term, `log_mean_weight`, and measure the effective sample size."""
        if torch.is_grad_enabled():
            posterior = family.posterior(batch.x)
            z = posterior.rsample(self.samples, generator=generator)
            weights = self.gradient.log_weights(model, posterior, batch.x, z)
            total, squares = _log_sums(weights)
        else:
            numbers = _NUMBERS_AT_ONCE["cpu" if batch.x.device.type == "cpu" else "device"]
            at_once = max(1, numbers // batch.x[0].numel())
            blocks = torch.split(batch.x, max(1, at_once // self.samples))
            sums = [_log_sums(self._log_weights(model, family, x, at_once, generator)) for x in blocks]
            total, squares = (torch.cat(parts) for parts in zip(*sums, strict=True))
        effective = torch.exp(2 * total.detach() - squares)
        return Ledger(
            (Term("log_mean_weight", total - math.log(self.samples), "local", exact=False),),
            measures={f"effective_sample_size_iw{self.samples}": effective},
        )

    def _log_weights(
        self, model: LatentModel, family: VariationalFamily, x: Tensor, at_once: int, generator: torch.Generator
    ) -> Tensor:
        """Return the log weights of a few observations, `(k, B)`, `at_once` draws in memory."""
        posterior = family.posterior(x)
        size = max(1, at_once // len(x))
        counts = [min(size, self.samples - start) for start in range(0, self.samples, size)]
        draws = (posterior.sample(count, generator=generator) for count in counts)
        return torch.cat([log_weights(model, posterior, x, z) for z in draws])


def _log_sums(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return log sum_i w_i and, without gradient, log sum_i w_i^2, each `(B,)`, of log weights `(k, B)`."""
    return torch.logsumexp(weights, 0), torch.logsumexp(2 * weights.detach(), 0)
