"""What a divergence is: a name, closed forms for pairs of types, and no answer where it has none."""

import abc
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor
from torch.distributions import Distribution

from genlab.divergences.rules import RuleTable
from genlab.errors import GenlabError, UsageError

Form = TypeVar("Form", bound=Callable[..., Tensor])


class NoClosedFormError(GenlabError):
    """A divergence has no closed form for a pair of distributions."""


class Divergence(abc.ABC):
    """A number in nats or natural units, zero iff q = p, for distributions q and p; call it as `kl(q, p)`.

    A subclass is a frozen dataclass whose fields are its parameters. It has a table of closed forms of its own, filled
    with `closed_form`, and may derive more from other divergences.
    """

    name: ClassVar[str]
    symmetric: ClassVar[bool] = False
    rules: ClassVar[RuleTable[Callable[..., Tensor]]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.rules = RuleTable(cls.__name__)

    def __call__(self, q: Distribution, p: Distribution) -> Tensor:
        """Return the divergence of `q` from `p` in closed form.

        Args:
            q, p: distributions with the same event shape and batch shapes that broadcast.

        Returns:
            One value for each element of the broadcast batch shape, never negative, infinite where the divergence is.

        Raises:
            NoClosedFormError: there is none for this pair; estimate it with `monte_carlo`.
            UsageError: the event shapes differ, the batch shapes do not broadcast, or one is no distribution.
        """
        check_pair(self.name, q, p)
        for rule in self.rules.applicable(q, p):
            try:
                value: Any = rule(self, q, p)
            except NoClosedFormError:
                continue
            if value is not NotImplemented:
                return _as_tensor(value)
        try:
            return self.derive(q, p)
        except NoClosedFormError:
            raise self._none(q, p) from None

    def derive(self, q: Distribution, p: Distribution) -> Tensor:
        """Return the divergence from other divergences' closed forms, where no rule of its own applies.

        Raises:
            NoClosedFormError: there is no such road, which is what this one says.
        """
        raise self._none(q, p)

    def estimable(self) -> bool:
        """Return whether `monte_carlo` can estimate it."""
        return False

    def _none(self, q: Distribution, p: Distribution) -> NoClosedFormError:
        q_name, p_name = type(q).__name__, type(p).__name__
        estimate = "Estimate it with monte_carlo(divergence, q, p, num_samples=..., generator=...), or register"
        return NoClosedFormError(
            f"{self.name} must have a closed form to be called, got none for this pair ({q_name} and {p_name}). "
            f"{estimate if self.estimable() else 'Register'} "
            f"one with @closed_form({type(self).__name__}, {q_name}, {p_name})."
        )


def check_pair(name: str, q: Distribution, p: Distribution) -> None:
    """Raise unless two distributions can be compared.

    Args:
        name: of the divergence.
        q, p: what should be distributions.

    Raises:
        UsageError: the event shapes differ, the batch shapes do not broadcast, or one is no distribution.
    """
    pair = f"({name} of {type(q).__name__} and {type(p).__name__})"
    if not (isinstance(q, Distribution) and isinstance(p, Distribution)):
        fix = "Samples have divergences of their own, such as squared_mmd."
        raise UsageError(f"q and p must be torch.distributions objects {pair}. {fix}")
    if q.event_shape != p.event_shape:
        raise UsageError(
            f"q and p must have the same event shape, got {tuple(q.event_shape)} and {tuple(p.event_shape)} {pair}."
        )
    try:
        torch.broadcast_shapes(q.batch_shape, p.batch_shape)
    except RuntimeError as error:
        raise UsageError(
            f"q and p must have batch shapes that broadcast, got {tuple(q.batch_shape)} and {tuple(p.batch_shape)} "
            f"{pair}."
        ) from error


def closed_form(divergence: type[Divergence], q_type: type, p_type: type) -> Callable[[Form], Form]:
    """Register the decorated function as the closed form of `divergence` for a pair of types.

    The function takes the divergence (which holds its parameters, such as the order), q and p, and returns a tensor
    of the broadcast batch shape, or `NotImplemented` for arguments it cannot do. `genlab.divergences.rules` says
    which function speaks where several apply.

    Raises:
        ValueError: the pair has one.
    """

    def register(form: Form) -> Form:
        divergence.rules.add(q_type, p_type, form)
        return form

    return register


def has_closed_form(divergence: Divergence, q: Distribution, p: Distribution) -> bool:
    """Return whether `divergence(q, p)` gives a value; it is computed to find out."""
    try:
        divergence(q, p)
    except NoClosedFormError:
        return False
    return True


def _as_tensor(value: Any) -> Tensor:
    if not isinstance(value, Tensor):
        raise TypeError(f"a closed form must return a tensor or NotImplemented, got {type(value).__name__}.")
    return value
