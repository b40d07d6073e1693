"""The importance-weighted bound on the log evidence.

    L_k = E[ log 1/k sum_i w_i ],   w_i = p(x, z_i) / q(z_i given x),   z_i ~ q(z given x)

L_1 is the ELBO, L_k <= L_{k+1} <= log p(x), and L_k tends to log p(x) as k grows. It is trained with a few
draws and evaluated with thousands; without gradients, the draws go through in chunks and only the running
log-sum of the weights is kept. With gradients, a part of its own says how they are estimated (see `weight_gradients`).

Reference: Burda, Grosse & Salakhutdinov 2016, eq. 8 and theorem 1.
"""

import math
from collections.abc import Iterator, Mapping
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
from genlab_vae.weight_gradient import WeightGradient
from genlab_vae.weight_gradients import Reparameterized, log_weights

_CHUNK_NUMBERS = {"cpu": 2**21, "device": 2**26}
"""How many dimensions of x, over draws and observations, are decoded together: a CPU's caches, or a device's memory."""


class ImportanceWeighted(ELBOEstimator):
    """Estimate the bound as the log of a mean of importance weights."""

    partners: ClassVar[Mapping[str, type]] = {"model": VAE}

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
        """Return one local term, `log_mean_weight`."""
        posterior = family.posterior(batch.x)
        if torch.is_grad_enabled():
            z = posterior.rsample(self.samples, generator=generator)
            total = torch.logsumexp(self.gradient.log_weights(model, posterior, batch.x, z), 0)
        else:
            total = log_sum_exp(self._chunks(model, posterior, batch.x, generator))
        return Ledger((Term("log_mean_weight", total - math.log(self.samples), "local", exact=False),))

    def _chunks(
        self, model: LatentModel, posterior: Posterior, x: Tensor, generator: torch.Generator
    ) -> Iterator[Tensor]:
        """Yield the log weights, `(chunk, B)`, of as many draws at a time as memory should hold."""
        numbers = _CHUNK_NUMBERS["cpu" if x.device.type == "cpu" else "device"]
        size = max(1, numbers // max(1, x.numel()))
        for start in range(0, self.samples, size):
            z = posterior.sample(min(size, self.samples - start), generator=generator)
            yield log_weights(model, posterior, x, z)


def log_sum_exp(chunks: Iterator[Tensor]) -> Tensor:
    """Return log sum exp over the first axis of all chunks `(chunk, B)` together, `(B,)`.

    >>> log_sum_exp(iter([torch.zeros(3, 1), torch.zeros(1, 1)])).exp()
    tensor([4.])
    """
    total = torch.logsumexp(next(chunks), 0)
    for chunk in chunks:
        total = torch.logaddexp(total, torch.logsumexp(chunk, 0))
    return total
