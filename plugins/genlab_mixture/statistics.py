"""What one pass over data leaves behind: everything the bound and the next global factors need.

    N_k = sum_i phi_ik        Q = sum_ik phi_ik inner_ki        L = sum_i log sum_k exp(c_k + inner_ki)

with c and inner of `responsibilities`, and the sums that the observations add to the natural parameters (see
`components`). Since log phi_ik = c_k + inner_ki - (the log-sum of row i),

    sum likelihood = Q + sum_k N_k offset_k        sum assignment_prior = sum_k N_k [psi(a_k) - psi(A)]
    sum assignment_entropy = L - Q - sum_k N_k c_k

so the data are read once, a chunk at a time, and the sum of the three needs L alone: rounding in Q and N cancels.

Reference: Blei, Kucukelbir & McAuliffe 2017, section 3.2; Hoffman et al. 2013, section 2.4.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.interfaces.accelerator import Accelerator
from genlab.ledger import Ledger, Term
from genlab_mixture.diagonal import DiagonalComponents
from genlab_mixture.factors import GlobalFactors, Natural
from genlab_mixture.model import GaussianMixture
from genlab_mixture.single_coordinate import BLOCK, CompiledSums
from genlab_mixture.terms import global_terms

_CHUNK_NUMBERS = 196_608
_FEWEST_ROWS = 1_024


@dataclass(frozen=True)
class Statistics:
    """Sums over n observations, in float64.

    Attributes:
        counts: N, `(K,)`.
        moments: what the observations add to the components' natural parameters.
        inner: Q, `()`.
        log_normalizer: L, `()`.
        num_examples: n.
    """

    counts: Tensor
    moments: Natural
    inner: Tensor
    log_normalizer: Tensor
    num_examples: int

    def __add__(self, other: "Statistics") -> "Statistics":
        return Statistics(
            self.counts + other.counts,
            tuple(ours + theirs for ours, theirs in zip(self.moments, other.moments, strict=True)),
            self.inner + other.inner,
            self.log_normalizer + other.log_normalizer,
            self.num_examples + other.num_examples,
        )

    def reduced(self, accelerator: Accelerator) -> "Statistics":
        """Return the sums over the observations of all processes."""
        if accelerator.world_size == 1:
            return self
        count = torch.tensor(self.num_examples, dtype=torch.float64, device=self.counts.device)
        counts, inner, log_normalizer, count, *moments = accelerator.all_reduce_together(
            [self.counts, self.inner, self.log_normalizer, count, *self.moments]
        )
        return Statistics(counts, tuple(moments), inner, log_normalizer, int(count.item()))

    def ledger(self, factors: GlobalFactors, prior: GlobalFactors) -> Ledger:
        """Return the bound on these observations at the factors they were gathered with.

        A local term is its mean over the n observations, as one value: the ledger speaks of one typical example,
        which scales to N as a batch of n does, and needs no memory for the n values.
        """
        log_weights, offsets = factors.expected_log_weights, factors.components.offsets()
        local = {
            "likelihood": self.inner + self.counts @ offsets,
            "assignment_prior": self.counts @ log_weights,
            "assignment_entropy": self.log_normalizer - self.inner - self.counts @ (log_weights + offsets),
        }
        rows = [
            Term(name, (value / self.num_examples).reshape(1), "local", exact=True) for name, value in local.items()
        ]
        rows += [Term(name, value, "global", exact=True) for name, value in global_terms(factors, prior).items()]
        return Ledger(tuple(rows)).detach()

    def optimum(self, prior: GlobalFactors, weight: float) -> GlobalFactors:
        """Return the global factors that maximise the bound given the responsibilities.

        Args:
            prior: of the weights and the components.
            weight: how many times each observation counts: N/n.
        """
        return prior.updated((self.counts, *self.moments), weight)


@torch.no_grad()
def gather(
    batches: Iterable[Tensor], factors: GlobalFactors, model: GaussianMixture, fast_sums: CompiledSums | None = None
) -> Statistics:
    """Read observations once and return their statistics.

    Args:
        batches: tensors `(B, D)`, at least one; they may be of any size.
        factors: q, which the responsibilities are optimal for.
        model: says whether values may be missing.
        fast_sums: takes what is one coordinate and whole, a block at a time; by default all goes the general way.
    """
    parts = (part for batch in batches for part in _gather_batch(batch, factors, model, fast_sums))
    total = next(parts)
    for part in parts:
        total = total + part
    return total


def _gather_batch(
    x: Tensor, factors: GlobalFactors, model: GaussianMixture, fast_sums: CompiledSums | None
) -> Iterator[Statistics]:
    """Yield the statistics of a batch in pieces that bound the memory used."""
    components = factors.components
    if fast_sums is not None and isinstance(components, DiagonalComponents) and x.shape[-1] == 1 and not model.missing:
        num_fast = len(x) // BLOCK * BLOCK
        if num_fast:
            yield _gather_fast(x[:num_fast, 0], components, factors, fast_sums)
        x = x[num_fast:]
    num_rows = max(_FEWEST_ROWS, _CHUNK_NUMBERS // (model.num_components * model.num_dims))
    for chunk in torch.split(x, num_rows) if len(x) else ():
        yield _gather_chunk(chunk, model.observed(chunk), factors)


def _gather_fast(
    x: Tensor, components: DiagonalComponents, factors: GlobalFactors, fast_sums: CompiledSums
) -> Statistics:
    """Return the statistics of whole blocks of observations of one coordinate, `(B,)`."""
    constants = factors.expected_log_weights + components.offsets()
    common = constants.max()
    mean, precision = components.mean[:, 0], components.expected_precision[:, 0]
    # The sums of the blocks are added before anything is made of them: small operations cost as much as a block.
    blocks = [fast_sums(block, constants - common, mean, precision) for block in torch.split(x, BLOCK)]
    counts, sums, inner_sums, log_normalizer = (torch.stack(parts).sum(0) for parts in zip(*blocks, strict=True))
    return Statistics(
        counts=counts,
        moments=components.moments_of_one(counts, sums, inner_sums),
        inner=inner_sums.sum(),
        log_normalizer=log_normalizer + x.shape[0] * common,
        num_examples=x.shape[0],
    )


def _gather_chunk(x: Tensor, observed: Tensor | None, factors: GlobalFactors) -> Statistics:
    """Return the statistics of `(B, D)` observations."""
    components = factors.components
    constants = factors.expected_log_weights + components.offsets()
    common = constants.max()
    constants = constants - common
    rounded = constants.to(x.dtype)
    inner = components.inner(x, observed)
    phi = inner + rounded.unsqueeze(-1)
    largest = phi.amax(0)
    phi.sub_(largest).exp_()
    normalizer = phi.sum(0)
    phi.div_(normalizer)
    log_normalizer = normalizer.log_().add_(largest).sum(dtype=torch.float64)
    counts = phi.sum(1).double()
    inner_sums = inner.mul_(phi).sum(1).double()
    return Statistics(
        counts=counts,
        moments=components.moments(x, phi, observed, inner_sums),
        inner=inner_sums.sum(),
        # dL/dc_k = N_k: to first order this undoes the rounding of c, which is the same for every x and adds up.
        log_normalizer=log_normalizer + x.shape[0] * common + counts @ (constants - rounded.double()),
        num_examples=x.shape[0],
    )
