"""The cosine schedule: the signal left after t steps falls as a squared cosine.

    alpha_bar_t = f(t) / f(0),   f(t) = cos^2( (t/T + s) / (1 + s) * pi/2 )
    beta_t = min(0.999, 1 - alpha_bar_t / alpha_bar_{t-1})

Reference: Nichol & Dhariwal 2021, eq. 17.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor

from genlab.interfaces.constraints import PositiveFloat, PositiveInt
from genlab_ddpm.schedule import LARGEST_BETA, Advice, Schedule


class Cosine(Schedule):
    """Let alpha_bar fall as a squared cosine.

    >>> Cosine(2, None).betas()
    tensor([0.5062, 0.9990], dtype=torch.float64)
    """

    advice: ClassVar[Advice] = Advice(
        coarser_start="Raise model.schedule.s, or use fewer model.timesteps.",
        finer_start="Lower model.schedule.s, or use more model.timesteps.",
    )

    def __init__(self, timesteps: PositiveInt, bin_width: float | None, /, *, s: PositiveFloat = 0.008) -> None:
        """Make one from a recipe's keys.

        Args:
            s: the offset that keeps the first steps from being too small; more for fewer grey levels.
        """
        self._timesteps, self._s = timesteps, s

    def betas(self) -> Tensor:
        """Return the T variances."""
        time = torch.arange(self._timesteps + 1, dtype=torch.float64) / self._timesteps
        log_signal = 2 * torch.log(torch.cos((time + self._s) / (1 + self._s) * (math.pi / 2)))
        return (-torch.expm1(log_signal.diff())).clamp(max=LARGEST_BETA)
