"""Errors a user can meet, each with the exit code the command line gives it.

Every message reads "`NAME` must RULE, got VALUE (WHERE). FIX." and stands alone: the command line prints it
without a traceback.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class GenlabError(Exception):
    """Any error genlab expects and explains in one message."""

    exit_code = 1


class UsageError(GenlabError):
    """The command line or a function was called in a way that cannot work."""

    exit_code = 2


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a recipe, and where it stands.

    Attributes:
        origin: where the value comes from: `file.toml:14`, or `-s sampler.steps=0`.
        key: the dotted key, e.g. `sampler.steps`; empty for the file as a whole.
        problem: what is wrong and how to fix it, in one sentence or two.
    """

    origin: str
    key: str
    problem: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.origin, self.key, self.problem) if part)


class RecipeError(GenlabError):
    """A recipe has faults; all of them are reported together."""

    exit_code = 3

    def __init__(self, title: str, faults: Sequence[Fault]) -> None:
        """Make one.

        Args:
            title: the recipe's name as the user gave it.
            faults: at least one.
        """
        self.title = title
        self.faults = tuple(faults)
        count = f"{len(faults)} problem{'' if len(faults) == 1 else 's'}"
        super().__init__("\n".join([f"{title}: {count}", *(f"  {fault}" for fault in faults)]))


class IncompatibleError(GenlabError):
    """Two parts do not fit together; a constructor raises it, assembly adds the file and line."""

    exit_code = 3


class ComponentError(GenlabError):
    """A component or a plugin is unknown, broken or ambiguous."""

    exit_code = 4


class DeviceError(GenlabError):
    """The device that was asked for is not there."""

    exit_code = 5


class DataError(GenlabError):
    """A data source cannot deliver: a missing file, a wrong format, no observations."""


class NonFiniteError(GenlabError):
    """A term of the bound, or the objective, is NaN or infinite."""


class CandidatesError(GenlabError):
    """No candidate of a recipe with candidates could be fitted."""


class LostProcessError(GenlabError):
    """A run on several processes has lost one of them."""


class RunFolderError(GenlabError):
    """A run folder or a checkpoint is missing, damaged, or written by another version."""


class GenlabWarning(UserWarning):
    """Something a user should know that does not stop the work; the command line prints it as one line."""
