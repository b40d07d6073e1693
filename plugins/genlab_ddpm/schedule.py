"""A noise schedule: how much noise each of the T steps adds.

q(x_t | x_{t-1}) = N( sqrt(1 - beta_t) x_{t-1}, beta_t I ),   t = 1..T
"""

import abc
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from genlab.errors import IncompatibleError

LARGEST_BETA = 0.999
"""No step of a formula that ends in pure noise adds more than this, or its logarithms would be infinite."""


@dataclass(frozen=True)
class Advice:
    """What to change in a recipe where a schedule does not suit the data, as sentences.

    Attributes:
        coarser_start, finer_start: for more or less noise in the first step.
        noisier_end, earlier_end: for less signal at the end, and for fewer steps when there is none left.
    """

    coarser_start: str = "Use another model.schedule, or fewer model.timesteps."
    finer_start: str = "Use another model.schedule, or more model.timesteps."
    noisier_end: str = "Use another model.schedule, or more model.timesteps."
    earlier_end: str = "Use another model.schedule, or fewer model.timesteps."


class Schedule(abc.ABC):
    """The variances beta_1..beta_T.

    Its owner builds it with T, and with the distance between two grey levels of x_0 (None for real data): steps
    far finer than that distance only cost bits.

    Attributes:
        slot: the nested recipe table that names it.
        advice: which keys move its ends.
    """

    slot: ClassVar[str] = "schedule"
    advice: ClassVar[Advice] = Advice()

    @abc.abstractmethod
    def betas(self) -> Tensor:
        """Return beta_1..beta_T, `(T,)`, float64, each above 0 and below 1."""


class LearnedSchedule(Schedule, nn.Module):
    """A schedule with parameters, trained with the model by the bound.

    `betas` is differentiable in the parameters, and gives the variances of a chain whatever they are. It is asked anew
    when they may have changed.
    """


RISING = Advice(
    coarser_start="Raise model.schedule.beta_1 or leave it out, or use fewer model.timesteps.",
    finer_start="Lower model.schedule.beta_1 or leave it out, or use more model.timesteps.",
    noisier_end="Raise model.schedule.beta_T, or leave it out: it then follows model.timesteps.",
    earlier_end="Lower model.schedule.beta_T, or leave it out: it then follows model.timesteps.",
)
"""The advice of schedules that rise from beta_1 to beta_T."""


def check_rising(name: str, first: float, last: float) -> None:
    """Raise unless the first variance is at most the last, and that below 1.

    Args:
        name: the schedule's, as recipes write it.
        first, last: beta_1 and beta_T.

    Raises:
        IncompatibleError: naming the keys to set.
    """
    if not first <= last < 1:
        raise IncompatibleError(
            f"schedule '{name}' must rise from beta_1 to a beta_T below 1, got {first:g} and {last:g}. "
            "Set model.schedule.beta_1 and model.schedule.beta_T in that order."
        )
