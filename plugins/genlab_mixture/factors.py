"""The global factors of the mean-field posterior: what it says of the weights and the means.

    q(pi) = Dirichlet(pi | a)        q(mu) = prod_k N(mu_k | m_k, v_k)

Their natural parameters are a for the weights, and (m - m0) / v and 1 / v for the means. (Measured from the prior
mean m0, the natural parameter of the location is an affine function of the usual one, so averages of the two
agree, and large offsets in the data do not cost digits.)
"""

from dataclasses import dataclass

from torch import Tensor

from genlab_mixture.densities import expected_log_weights


@dataclass(frozen=True)
class GlobalFactors:
    """q(pi) and q(mu), in float64: digamma differences at a = 1e6 have few digits left in float32.

    Attributes:
        concentration: a, `(K,)`, positive.
        mean: m, `(K, D)`.
        var: v, `(K, D)`, positive.
    """

    concentration: Tensor
    mean: Tensor
    var: Tensor

    @property
    def expected_log_weights(self) -> Tensor:
        """E[log pi_k] = psi(a_k) - psi(A), `(K,)`."""
        return expected_log_weights(self.concentration)

    @property
    def expected_weights(self) -> Tensor:
        """E[pi_k] = a_k / A, `(K,)`."""
        return self.concentration / self.concentration.sum()


@dataclass(frozen=True)
class NaturalParameters:
    """The same factors by their natural parameters, in float64.

    Attributes:
        concentration: a, `(K,)`.
        location: (m - m0) / v, `(K, D)`.
        precision: 1 / v, `(K, D)`.
    """

    concentration: Tensor
    location: Tensor
    precision: Tensor

    @classmethod
    def of(cls, factors: GlobalFactors, mean_loc: Tensor) -> "NaturalParameters":
        """Return the natural parameters of `factors`; `mean_loc` is m0, `(D,)`."""
        return cls(factors.concentration, (factors.mean - mean_loc) / factors.var, 1 / factors.var)

    def factors(self, mean_loc: Tensor) -> GlobalFactors:
        """Return the factors with these natural parameters."""
        return GlobalFactors(self.concentration, mean_loc + self.location / self.precision, 1 / self.precision)

    def moved(self, target: "NaturalParameters", rho: float) -> "NaturalParameters":
        """Return (1 - rho) self + rho target, which at rho = 1 is `target` to the last bit."""
        return NaturalParameters(
            (1 - rho) * self.concentration + rho * target.concentration,
            (1 - rho) * self.location + rho * target.location,
            (1 - rho) * self.precision + rho * target.precision,
        )
