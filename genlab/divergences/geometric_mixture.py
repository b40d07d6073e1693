"""Geometric mixtures: the member m of an exponential family with m(x) proportional to q(x)^a p(x)^(1 - a).

Natural parameters mix linearly. Where a > 1 or a < 0 the mixture may leave the family, and then the integral of
q^a p^(1 - a) is infinite; for 0 < a < 1 that happens only if q and p share no support.
"""

from collections.abc import Callable
from typing import TypeVar

from torch import Tensor
from torch.distributions import Distribution

from genlab.divergences.rules import RuleTable

Mixing = Callable[..., tuple[Distribution, Tensor]]
Mix = TypeVar("Mix", bound=Mixing)

MIXTURES: RuleTable[Mixing] = RuleTable("geometric mixture")


def geometric_mixture(q_type: type, p_type: type) -> Callable[[Mix], Mix]:
    """Register the decorated function as the geometric mixture of a pair of types.

    With one, and a closed form of KL, a family has Renyi, alpha, chi-squared, Hellinger and Bhattacharyya too. The
    function takes q, p and the weight a, and returns the mixture and a boolean tensor of the broadcast batch shape:
    where it is False there is none, and the distribution may have any parameters there that are valid.
    """

    def register(mixing: Mix) -> Mix:
        MIXTURES.add(q_type, p_type, mixing)
        return mixing

    return register


def mix(q: Distribution, p: Distribution, weight: float) -> tuple[Distribution, Tensor] | None:
    """Return the mixture and where it exists, or None if this pair of types has no rule."""
    for rule in MIXTURES.applicable(q, p):
        mixed = rule(q, p, weight)
        if mixed is not NotImplemented:
            return mixed
    return None
