"""A check: one law that the components of a slot must keep, as a function with a name.

    @check("model")
    def log_joint_is_finite(subject):
        \"\"\"Every factor of log p(x, z) is finite, for x from the data and z from the family.

        A failure names the factor: look for a log of something that may be 0.
        \"\"\"
        ...

The function's name is the check's name. The first paragraph of its docstring says what it demands; the rest, how to
read its failure. The function returns when the law holds, raises AssertionError with the smallest counterexample it
has when it does not, and raises `CannotRun` where it does not apply. Nothing is registered by importing a module:
`genlab.testing.catalogue` looks for the checks that modules hold.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genlab.testing.subject import Subject

ANY_SLOT = "*"
"""The slot of a check that every component must pass."""


class CannotRun(Exception):  # noqa: N818 - it is the outcome of a check, and no error
    """A check does not apply to a subject, or its setting is no place for it; the message says why."""


@dataclass(frozen=True)
class Check:
    """One law.

    Attributes:
        slots: the slots whose components must keep it; `ANY_SLOT` alone for all of them.
        name: a sentence in snake case, such as `log_joint_is_finite`.
        demands: what it demands, in one sentence.
        reading: how to read its failure; may be empty.
        function: takes a subject; passes silently, or raises.
    """

    slots: tuple[str, ...]
    name: str
    demands: str
    reading: str
    function: "Callable[[Subject], None]"

    def __call__(self, subject: "Subject") -> None:
        """Check a subject.

        Raises:
            AssertionError: when the law is broken, with a counterexample.
            CannotRun: when the check does not apply, with the reason.
        """
        self.function(subject)

    def concerns(self, slot: str) -> bool:
        """Whether components of a slot must keep this law."""
        return slot in self.slots or ANY_SLOT in self.slots


def check(*slots: str) -> "Callable[[Callable[[Subject], None]], Check]":
    """Make a check of a function; see the module's docstring.

    Args:
        slots: the slots whose components must keep the law, or `ANY_SLOT`.
    """

    def decorate(function: "Callable[[Subject], None]") -> Check:
        demands, _, reading = (inspect.getdoc(function) or "").partition("\n\n")
        if not demands:
            raise ValueError(f"check {function.__name__!r} must have a docstring that says what it demands, got none.")
        return Check(slots, function.__name__, " ".join(demands.split()), " ".join(reading.split()), function)

    return decorate
