"""The exact posterior, V = M^-1: the bound is the evidence.

Reference: Bishop 2006, eqs. 12.66 to 12.68.
"""

from torch import Tensor

from genlab_factor_analysis.family import LinearGaussianFamily, inverse_cholesky


class ExactGaussian(LinearGaussianFamily):
    """Allow every covariance; the best is the exact posterior's."""

    def scale_tril(self, precision: Tensor) -> Tensor:
        """Return L with L L' = M^-1."""
        return inverse_cholesky(precision)
