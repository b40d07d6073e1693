"""The scaled-linear schedule: the standard deviation sqrt(beta_t) rises in equal steps.

    sqrt(beta_t) = sqrt(beta_1) + (t - 1) / (T - 1) (sqrt(beta_T) - sqrt(beta_1))

Its ends are those of the latent diffusion models at T = 1000, rescaled to other T so that the signal that is left at
the end stays near theirs, alpha_bar_T = 5e-3. That is no pure noise: the model warns of what it costs.

Reference: Rombach et al. 2022, whose released models use beta from 0.00085 to 0.012.
"""

from typing import ClassVar

import torch
from torch import Tensor

from genlab.interfaces.constraints import PositiveFloat, PositiveInt
from genlab_ddpm.schedule import LARGEST_BETA, RISING, Advice, Schedule, check_rising


class ScaledLinear(Schedule):
    """Let the standard deviation rise linearly.

    >>> ScaledLinear(3, None, beta_1=0.01, beta_T=0.25).betas()
    tensor([0.0100, 0.0900, 0.2500], dtype=torch.float64)
    """

    advice: ClassVar[Advice] = RISING

    def __init__(
        self,
        timesteps: PositiveInt,
        bin_width: float | None,
        /,
        *,
        beta_1: PositiveFloat | None = None,
        beta_T: PositiveFloat | None = None,  # noqa: N803 - the paper's T
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            beta_1: the first variance; by default 0.85 / T.
            beta_T: the last variance; by default 12 / T, at most 0.999.

        Raises:
            IncompatibleError: unless beta_1 <= beta_T < 1.
        """
        first = min(0.85 / timesteps, LARGEST_BETA) if beta_1 is None else beta_1
        last = min(12 / timesteps, LARGEST_BETA) if beta_T is None else beta_T
        check_rising("scaled-linear", first, last)
        self._timesteps, self._first, self._last = timesteps, first, last

    def betas(self) -> Tensor:
        """Return the T variances."""
        roots = torch.linspace(self._first**0.5, self._last**0.5, self._timesteps, dtype=torch.float64)
        return roots.square()
