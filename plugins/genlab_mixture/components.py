"""The components of a mixture: a law of their parameters, and what it says of observations.

The expected log-likelihood of x_i under component k is split into a constant and what depends on x,

    E_q log p(x_i given component k) = offset_k + inner_ki

so that the constant can be kept in float64 and what runs over the data in the data's own precision.
Arrays over the data are `(K, B)`: K is small, and what runs over the data is contiguous.
"""

import abc
from dataclasses import dataclass

from torch import Tensor

from genlab_mixture.parameter_law import ParameterLaw


@dataclass(frozen=True)
class Marginals:
    """The laws of single numbers: mu_kd is Normal or Student-t around its mean, 1 / sigma_kd^2 is Gamma.

    Attributes:
        scale: the scale of mu_kd, `(K, D)`.
        degrees: the degrees of freedom of its Student-t, `(K, D)`; None where it is Normal.
        precision: shape and rate of the Gamma, `(K, D)` each; None where the noise is known.
    """

    scale: Tensor
    degrees: Tensor | None = None
    precision: tuple[Tensor, Tensor] | None = None


class Components(ParameterLaw):
    """The law of the parameters of K Gaussians that observations come from."""

    @abc.abstractmethod
    def offsets(self) -> Tensor:
        """Return the constants of the expected log-likelihood, `(K,)` in float64."""

    @abc.abstractmethod
    def inner(self, x: Tensor, observed: Tensor | None) -> Tensor:
        """Return the rest of the expected log-likelihood, `(K, B)` in x's precision.

        Args:
            x: `(B, D)`.
            observed: `(B, D)`, which values count; None where all do.
        """

    @abc.abstractmethod
    def moments(
        self, x: Tensor, phi: Tensor, observed: Tensor | None, inner_sums: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Return what observations add to the natural parameters, in float64.

        Args:
            x: `(B, D)`.
            phi: how much each observation counts for each component, `(K, B)`; K may be any number.
            observed: `(B, D)`, which values count; None where all do.
            inner_sums: sum_i phi_ki inner_ki, `(K,)`, where it is known already: it may save a pass.
        """

    @abc.abstractmethod
    def log_predictive(self, x: Tensor, observed: Tensor | None) -> Tensor:
        """Return log p(x given component k), its parameters integrated over this law, `(K, B)` in float64."""

    @property
    @abc.abstractmethod
    def predictive_scale(self) -> Tensor:
        """The squared scale of that density, `(K, D, D)`: a Gaussian's covariance, or what a Student-t has for it."""

    @abc.abstractmethod
    def marginals(self) -> Marginals:
        """Return the laws of the single means and precisions under this law."""
