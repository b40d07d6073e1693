"""The inner loop of a sweep over observations of one coordinate, in one pass over the data.

With d_ki = x_i - m_k, inner_ki = -1/2 tau_k d_ki^2 and logits c_k + inner_ki, the sums that a sweep needs are

    N_k = sum_i phi_ki    S_k = sum_i phi_ki d_ki    Q_k = sum_i phi_ki inner_ki    L = sum_i log sum_k exp logit_ki

Written out by component, so that a compiler makes two loops of it, one to the exponentials and one to the sums, and
what stands between them is one small block. A row of the sums covers 1,024 observations in x's precision; the rows are
added in float64.
"""

import torch
from torch import Tensor

from genlab.errors import IncompatibleError

_ROW = 1_024
BLOCK = 2**17
"""How many observations the compiled loop takes at a time; what is left at the end goes the general way."""


class CompiledSums:
    """The sums over a block of observations, compiled at its first use."""

    def __init__(self, *, compiled: bool = True) -> None:
        """Make one.

        Args:
            compiled: whether to compile; without, the same sums are many passes over memory.
        """
        self._sums = torch.compile(_sums, dynamic=False) if compiled else _sums

    def __call__(self, x: Tensor, constants: Tensor, mean: Tensor, precision: Tensor) -> tuple[Tensor, ...]:
        """Return N, S and Q, `(K,)` each, and L, `()`, in float64.

        Args:
            x: as many observations as a block has, `(B,)`.
            constants: c, `(K,)`, float64.
            mean: m, `(K,)`, float64.
            precision: tau, `(K,)`, float64.

        Raises:
            IncompatibleError: where torch cannot compile.
        """
        rounded = constants.to(x.dtype)
        try:
            counts, sums, inner, log_normalizer = self._sums(
                x.view(-1, _ROW), rounded, mean.to(x.dtype), precision.to(x.dtype)
            )
        except RuntimeError as error:
            if not type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
                raise
            reason = str(error).strip().splitlines()[0]
            raise IncompatibleError(
                f"update.compile must find what torch.compile needs, a C++ compiler on a CPU, got: {reason} "
                "Install it, or set update.compile = false."
            ) from error
        # dL/dc_k = N_k: to first order this undoes the rounding of c, which is the same for every x and adds up.
        return counts, sums, inner, log_normalizer + counts @ (constants - rounded.double())


def _sums(x: Tensor, constants: Tensor, mean: Tensor, precision: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return N, S, Q and L of `(R, 1024)` observations."""
    distances = [x - mean_k for mean_k in mean.unbind()]
    inner = [-0.5 * tau * d * d for d, tau in zip(distances, precision.unbind(), strict=True)]
    logits = [inner_k + constant for inner_k, constant in zip(inner, constants.unbind(), strict=True)]
    largest = logits[0]
    for logit in logits[1:]:
        largest = torch.maximum(largest, logit)
    weights = [(logit - largest).exp() for logit in logits]
    normalizer = weights[0]
    for weight in weights[1:]:
        normalizer = normalizer + weight
    share = normalizer.reciprocal()
    phi = [weight * share for weight in weights]
    by_row = [
        *(phi_k.sum(-1) for phi_k in phi),
        *((phi_k * d).sum(-1) for phi_k, d in zip(phi, distances, strict=True)),
        *((phi_k * inner_k).sum(-1) for phi_k, inner_k in zip(phi, inner, strict=True)),
        (normalizer.log() + largest).sum(-1),
    ]
    totals = torch.stack(by_row).double().sum(-1)
    counts, sums, energies = totals[:-1].chunk(3)
    return counts, sums, energies, totals[-1]
