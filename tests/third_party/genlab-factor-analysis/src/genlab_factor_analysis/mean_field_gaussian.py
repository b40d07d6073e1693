"""Independent factors, V diagonal: the best has V_jj = 1 / M_jj.

    gap = KL(q || p(z given x)) = 1/2 [ sum_j log M_jj - log det M ],   the same for every x

It is 0 where M is diagonal. A rotation of the factors leaves the evidence as it is, and some rotation makes M
diagonal, so fitting the model with this family reaches the same evidence and chooses that rotation.

Reference: Bishop 2006, section 10.1.2, eq. 10.12 to 10.15.
"""

from torch import Tensor

from genlab_factor_analysis.family import LinearGaussianFamily


class MeanFieldGaussian(LinearGaussianFamily):
    """Allow diagonal covariances; the best has the exact posterior's precisions."""

    def scale_tril(self, precision: Tensor) -> Tensor:
        """Return diag(M)^(-1/2)."""
        return precision.diagonal().rsqrt().diag()
