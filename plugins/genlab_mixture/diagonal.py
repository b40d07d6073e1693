"""Components of independent coordinates: what known and learned noise share.

    offset_k = sum_d c_kd        inner_ki = -1/2 sum_d tau_kd (x_id - m_kd)^2

with tau the expected precision and c_kd the constant of one coordinate. A value that was not observed is
integrated out: its coordinate, constant included, does not count.
"""

import abc

import torch
from torch import Tensor

from genlab_mixture.components import Components


class DiagonalComponents(Components):
    """Gaussians of independent coordinates."""

    @property
    @abc.abstractmethod
    def expected_precision(self) -> Tensor:
        """tau, the expected precision of x, `(K, D)`."""

    @abc.abstractmethod
    def coordinate_offsets(self) -> Tensor:
        """Return c, the constants of the expected log-likelihood by coordinate, `(K, D)`."""

    @abc.abstractmethod
    def moments_of_one(self, num: Tensor, sums: Tensor, inner_sums: Tensor) -> tuple[Tensor, ...]:
        """Return what whole observations of one coordinate add to the natural parameters, `(K, 1)` each.

        Args:
            num: sum_i phi_ki, `(K,)`, float64.
            sums: sum_i phi_ki (x_i - m_k), `(K,)`, float64.
            inner_sums: sum_i phi_ki inner_ki, `(K,)`, float64.
        """

    def offsets(self) -> Tensor:
        """Return the constants of the expected log-likelihood, `(K,)` in float64."""
        return self.coordinate_offsets().sum(-1)

    def inner(self, x: Tensor, observed: Tensor | None) -> Tensor:
        """Return the rest, `(K, B)` in x's precision, which takes back the constants of what is missing."""
        inner = -0.5 * sq_distances(x, observed, self.mean, self.expected_precision)
        if observed is None:
            return inner
        # In float64, which autocast leaves alone: bfloat16 would keep three digits of a constant.
        offsets = self.coordinate_offsets()
        return inner - (offsets @ (~observed).to(offsets.dtype).T).to(x.dtype)


def sq_distances(x: Tensor, observed: Tensor | None, mean: Tensor, precision: Tensor) -> Tensor:
    """Return sum_d tau_kd (x_id - m_kd)^2 over what is observed, `(K, B)` in x's precision.

    One coordinate is subtracted directly. Several are multiplied out, which is two matrix products but cancels:
    float32 would be off by the square of the data's range, float64 is not.

    Args:
        x: `(B, D)`.
        observed: `(B, D)`, which values count; None where all do.
        mean: m, `(K, D)`, float64.
        precision: tau, `(K, D)`, float64.
    """
    if x.shape[-1] == 1 and observed is None:
        return ((x.squeeze(-1) - mean.to(x.dtype)) * precision.sqrt().to(x.dtype)).square()
    center = mean.detach().mean(0)
    rows, mean = centered(x, observed, center), mean - center
    squares = (precision * mean.square()).sum(-1, keepdim=True)
    if observed is not None:
        squares = (precision * mean.square()) @ observed.to(precision.dtype).T
    distances = precision @ rows.square().T - 2 * (precision * mean) @ rows.T + squares
    return distances.clamp_min(0).to(x.dtype)


def centered(x: Tensor, observed: Tensor | None, center: Tensor) -> Tensor:
    """Return x - center in float64, 0 where x is not observed."""
    rows = x.double() - center
    return rows if observed is None else torch.where(observed, rows, 0)


def counts(phi: Tensor, observed: Tensor | None) -> Tensor:
    """Return how much is observed for each component, `(K, 1)`, or by coordinate, `(K, D)`."""
    if observed is None:
        return phi.sum(1, keepdim=True).double()
    return (phi @ observed.to(phi.dtype)).double()
