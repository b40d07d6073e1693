"""The sigmoid schedule: the signal left after t steps falls as a logistic curve.

    alpha_bar(u) = [ sigma(-v(u)) - sigma(-end / tau) ] / [ sigma(-start / tau) - sigma(-end / tau) ]
    v(u) = (start + u (end - start)) / tau,   u = t / T

which is 1 at u = 0 and 0 at u = 1; alpha_bar is kept above 1e-9, and beta at most 0.999.

Reference: Jabri, Fleet & Chen 2023, section 3 (start = -3, end = 3, tau = 0.9); Chen 2023, algorithm 1.
"""

from typing import ClassVar

import torch
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces.constraints import PositiveFloat, PositiveInt
from genlab_ddpm.schedule import LARGEST_BETA, Advice, Schedule

_LEAST_SIGNAL = 1e-9


class Sigmoid(Schedule):
    """Let alpha_bar fall as a logistic curve.

    >>> Sigmoid(3, None).betas()
    tensor([0.2290, 0.7030, 0.9990], dtype=torch.float64)
    """

    advice: ClassVar[Advice] = Advice(
        coarser_start="Raise model.schedule.start, or use fewer model.timesteps.",
        finer_start="Lower model.schedule.start, or use more model.timesteps.",
        earlier_end="Bring model.schedule.start and model.schedule.end nearer to 0, or raise model.schedule.tau.",
    )

    def __init__(
        self,
        timesteps: PositiveInt,
        bin_width: float | None,
        /,
        *,
        start: float = -3.0,
        end: float = 3.0,
        tau: PositiveFloat = 0.9,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            start, end: the part of the logistic curve that is used; from further left, the first steps are smaller.
            tau: its width; larger makes the fall more even.

        Raises:
            IncompatibleError: unless start < end.
        """
        if start >= end:
            raise IncompatibleError(
                f"schedule 'sigmoid' must have start below end, got {start:g} and {end:g}. Set model.schedule.start "
                "and model.schedule.end in that order."
            )
        self._timesteps, self._start, self._end, self._tau = timesteps, start, end, tau

    def betas(self) -> Tensor:
        """Return the T variances."""
        time = torch.arange(self._timesteps + 1, dtype=torch.float64) / self._timesteps
        left = torch.sigmoid(-(self._start + time * (self._end - self._start)) / self._tau)
        alpha_bar = ((left - left[-1]) / (left[0] - left[-1])).clamp(min=_LEAST_SIGNAL)
        return (1 - alpha_bar[1:] / alpha_bar[:-1]).clamp(max=LARGEST_BETA)
