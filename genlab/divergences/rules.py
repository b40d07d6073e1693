"""Tables of closed forms, and which of them speaks for a pair of distributions.

The dispatch rule. A rule registered for the types (Q, P) applies to (q, p) if q is an instance of Q and p of P. Of
those that apply the most specific is asked first: a rule comes before another if both its types are subclasses of
the other's. Two rules of which neither comes before the other are an error that names the pair to register. A rule
may return `NotImplemented` for arguments it cannot do; then the next one is asked.
"""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from genlab.errors import GenlabError

Rule = TypeVar("Rule", bound=Callable[..., object])
Pair = tuple[type, type]


class AmbiguousRuleError(GenlabError):
    """Two registered closed forms apply to a pair and neither is more specific."""


class RuleTable(Generic[Rule]):
    """Functions by pairs of types."""

    def __init__(self, name: str) -> None:
        """Make an empty one.

        Args:
            name: what the functions compute, for messages.
        """
        self.name = name
        self._rules: dict[Pair, Rule] = {}

    def add(self, q_type: type, p_type: type, rule: Rule) -> None:
        """Add `rule` for the pair.

        Raises:
            ValueError: another function is registered for exactly this pair.
        """
        old = self._rules.get((q_type, p_type))
        if old is not None and _place(old) != _place(rule):
            raise ValueError(
                f"a pair must have one closed form of {self.name}, got a second for "
                f"{q_type.__name__} and {p_type.__name__} ({_place(rule)}; the first is {_place(old)}). "
                "Register yours for a subclass."
            )
        self._rules[q_type, p_type] = rule

    def pairs(self) -> Iterator[Pair]:
        """Yield the registered pairs."""
        yield from self._rules

    def applicable(self, q: object, p: object) -> Iterator[Rule]:
        """Yield the rules that apply to (q, p), the most specific first.

        Raises:
            AmbiguousRuleError: when it comes to two rules of which neither is more specific.
        """
        left = [pair for pair in self._rules if isinstance(q, pair[0]) and isinstance(p, pair[1])]
        while left:
            first = [pair for pair in left if not any(_narrower(other, pair) for other in left)]
            if len(first) > 1:
                names = " and ".join(f"({one.__name__}, {two.__name__})" for one, two in first)
                raise AmbiguousRuleError(
                    f"the closed form of {self.name} must be unambiguous, got {names} "
                    f"({type(q).__name__}, {type(p).__name__}). Register one for the more specific pair."
                )
            yield self._rules[first[0]]
            left.remove(first[0])


def _narrower(one: Pair, other: Pair) -> bool:
    return one != other and issubclass(one[0], other[0]) and issubclass(one[1], other[1])


def _place(rule: Callable[..., object]) -> str:
    return f"{rule.__module__}.{getattr(rule, '__qualname__', type(rule).__name__)}"
