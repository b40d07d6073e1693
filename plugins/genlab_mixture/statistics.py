"""What one pass over data leaves behind: everything the bound and the next global factors need.

    N_k = sum_i phi_ik        S_k = sum_i phi_ik (x_i - m0)        Q = sum_ik phi_ik d_ik
    L   = sum_i log sum_k exp(c_k - 1/2 d_ik)

with d and c of `responsibilities`. Since log phi_ik = c_k - 1/2 d_ik - (the log-sum of row i),

    sum likelihood = -1/2 [ n sum_d log(2 pi sigma_d^2) + Q + sum_k N_k sum_d v_kd / sigma_d^2 ]
    sum assignment_prior = sum_k N_k [psi(a_k) - psi(A)]       sum assignment_entropy = L + Q/2 - sum_k N_k c_k

so the data are read once, a chunk at a time, and the sum of the three needs L alone: rounding in Q and N cancels.
The next factors are, with the data counted `weight` times (N/B for a minibatch),

    a_k = alpha_k + N_k     1/v_k = 1/s0^2 + N_k / sigma^2     (m_k - m0) / v_k = S_k / sigma^2

Reference: Blei, Kucukelbir & McAuliffe 2017, eqs. 26, 34 and 35; Hoffman et al. 2013, section 2.4.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.ledger import Ledger, Term
from genlab_mixture.factors import GlobalFactors, NaturalParameters
from genlab_mixture.model import GaussianMixture
from genlab_mixture.responsibilities import offsets, sq_distances, variance_ratio
from genlab_mixture.terms import global_terms, log_noise

_CHUNK = 65_536


@dataclass(frozen=True)
class Statistics:
    """Sums over n observations, in float64.

    Attributes:
        counts: N, `(K,)`.
        sums: S, `(K, D)`.
        sq_distance: Q, `()`.
        log_normalizer: L, `()`.
        num_examples: n.
    """

    counts: Tensor
    sums: Tensor
    sq_distance: Tensor
    log_normalizer: Tensor
    num_examples: int

    def __add__(self, other: "Statistics") -> "Statistics":
        return Statistics(
            self.counts + other.counts,
            self.sums + other.sums,
            self.sq_distance + other.sq_distance,
            self.log_normalizer + other.log_normalizer,
            self.num_examples + other.num_examples,
        )

    def ledger(self, factors: GlobalFactors, model: GaussianMixture) -> Ledger:
        """Return the bound on these observations at the factors they were gathered with.

        A local term is its mean over the n observations, as one value: the ledger speaks of one typical example,
        which scales to N as a batch of n does, and needs no memory for the n values.
        """
        log_weights = factors.expected_log_weights
        ratio = variance_ratio(factors, model.noise_scale)
        entropy = self.log_normalizer + 0.5 * self.sq_distance - self.counts @ offsets(factors, model.noise_scale)
        noise = self.num_examples * log_noise(model.noise_scale)
        local = {
            "likelihood": -0.5 * (noise + self.sq_distance + self.counts @ ratio),
            "assignment_prior": self.counts @ log_weights,
            "assignment_entropy": entropy,
        }
        rows = [
            Term(name, (value / self.num_examples).reshape(1), "local", exact=True) for name, value in local.items()
        ]
        rows += [Term(name, value, "global", exact=True) for name, value in global_terms(factors, model).items()]
        return Ledger(tuple(rows)).detach()

    def optimum(self, model: GaussianMixture, weight: float) -> NaturalParameters:
        """Return the global factors that maximise the bound given the responsibilities.

        Args:
            model: gives the priors.
            weight: how many times each observation counts: N/n.
        """
        noise_precision = model.noise_scale.double() ** -2
        return NaturalParameters(
            concentration=model.concentration.double() + weight * self.counts,
            location=weight * self.sums * noise_precision,
            precision=model.mean_scale.double() ** -2 + weight * self.counts.unsqueeze(-1) * noise_precision,
        )


@torch.no_grad()
def gather(batches: Iterable[Tensor], factors: GlobalFactors, model: GaussianMixture) -> Statistics:
    """Read observations once and return their statistics.

    Args:
        batches: tensors `(B, D)`, at least one; they may be of any size.
        factors: q(pi) and q(mu), which the responsibilities are optimal for.
        model: gives the priors and the noise.
    """
    chunks = (chunk for batch in batches for chunk in torch.split(batch, _CHUNK))
    total = _gather_chunk(next(chunks), factors, model)
    for chunk in chunks:
        total = total + _gather_chunk(chunk, factors, model)
    return total


def _gather_chunk(x: Tensor, factors: GlobalFactors, model: GaussianMixture) -> Statistics:
    """Return the statistics of `(B, D)` observations; every array is `(K, B)` or smaller."""
    exact_offsets = offsets(factors, model.noise_scale)
    rounded_offsets = exact_offsets.to(x.dtype)
    distances = sq_distances(x, factors.mean, model.noise_scale)
    phi = torch.add(rounded_offsets.unsqueeze(-1), distances, alpha=-0.5)
    largest = phi.amax(0)
    phi.sub_(largest).exp_()
    normalizer = phi.sum(0)
    phi.div_(normalizer)
    log_normalizer = normalizer.log_().add_(largest).sum(dtype=torch.float64)
    counts = phi.sum(1).double()
    return Statistics(
        counts=counts,
        sums=(phi @ (x - model.mean_loc.to(x.dtype))).double(),
        sq_distance=torch.dot(phi.flatten(), distances.flatten()).double(),
        # dL/dc_k = N_k: to first order this undoes the rounding of c, which is the same for every x and adds up.
        log_normalizer=log_normalizer + counts @ (exact_offsets - rounded_offsets.double()),
        num_examples=x.shape[0],
    )
