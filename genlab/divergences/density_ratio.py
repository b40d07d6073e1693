"""Divergences that are means of a function of the density ratio, and so can be estimated from draws.

Let m = (q + p) / 2 and l(x) = log q(x) - log p(x). For an f-divergence, the integral of p f(q / p),

    D(q, p) = E_m[ h(l(x)) ],   h(l) = 2 f(e^l) / (1 + e^l).

Since q and p integrate to the same, f may have any multiple of e^l - 1 added; each `integrand` here takes the multiple
that makes h nonnegative with h(0) = 0. So an estimate is never negative, and for q = p it is zero without noise.
"""

import abc

from torch import Tensor

from genlab.divergences.divergence import Divergence


class DensityRatioDivergence(Divergence):
    """A divergence that is `outer(E_m[integrand(log q - log p)])`."""

    @abc.abstractmethod
    def integrand(self, log_ratio: Tensor) -> Tensor:
        """Return h at log q(x) - log p(x), which may be infinite, elementwise; never negative."""

    def outer(self, mean: Tensor) -> Tensor:
        """Return the divergence from the mean of the integrand; the identity unless it says otherwise."""
        return mean

    def estimable(self) -> bool:
        """Return True."""
        return True
