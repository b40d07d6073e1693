"""The global factors: a law of the weights, and a law of the components' parameters.

    Dirichlet(pi | a) * prod_k law(parameters of component k)

Prior and posterior are both of this form. The natural parameters are a, and those of the components.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from genlab_mixture.components import Components
from genlab_mixture.densities import expected_log_weights

Natural = tuple[Tensor, ...]
"""Natural parameters, or what observations add to them: the weights' `(K,)`, then the components'."""


@dataclass(frozen=True)
class GlobalFactors:
    """The prior or q, in float64: digamma differences at a = 1e6 have few digits left in float32.

    Attributes:
        concentration: a, `(K,)`, positive.
        components: the law of the components' parameters.
    """

    concentration: Tensor
    components: Components

    @property
    def expected_log_weights(self) -> Tensor:
        """E[log pi_k] = psi(a_k) - psi(A), `(K,)`."""
        return expected_log_weights(self.concentration)

    @property
    def expected_weights(self) -> Tensor:
        """E[pi_k] = a_k / A, `(K,)`."""
        return self.concentration / self.concentration.sum()

    def matches(self, other: "GlobalFactors") -> bool:
        """Whether both are of as many components in as many dimensions, with the same kind of noise."""
        ours, theirs = self.components, other.components
        return type(ours) is type(theirs) and ours.mean.shape == theirs.mean.shape

    def log_predictive(self, x: Tensor) -> Tensor:
        """Return log sum_k a_k / A p(x given k), `(B,)` in float64; what is NaN in x does not count."""
        by_component = self.components.log_predictive(x, ~x.isnan())
        return torch.logsumexp(self.expected_weights.log().unsqueeze(-1) + by_component, 0)

    def natural(self) -> Natural:
        """Return the natural parameters."""
        return self.concentration, *self.components.natural()

    def with_natural(self, natural: Natural) -> "GlobalFactors":
        """Return the factors with these natural parameters."""
        return GlobalFactors(natural[0], self.components.with_natural(natural[1:]))

    def updated(self, moments: Natural, weight: float = 1.0) -> "GlobalFactors":
        """Return the posterior of this prior after observations that count `weight` times each."""
        natural = zip(self.natural(), moments, strict=True)
        return self.with_natural(tuple(prior + weight * moment for prior, moment in natural))

    def moved(self, target: "GlobalFactors", rho: float) -> "GlobalFactors":
        """Return (1 - rho) self + rho target in natural parameters, which at rho = 1 is `target` to the last bit."""
        if rho == 1:
            return target
        pairs = zip(self.natural(), target.natural(), strict=True)
        return self.with_natural(tuple((1 - rho) * here + rho * there for here, there in pairs))


@runtime_checkable
class HasFactors(Protocol):
    """A family that holds a law of the weights and the components."""

    def factors(self) -> GlobalFactors:
        """Return q of the weights and of the components' parameters."""
