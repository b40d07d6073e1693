"""The linear schedule: beta_t rises in equal steps from beta_1 to beta_T.

Left to itself it ends where Ho et al. 2020 do at T = 1000 (beta_T = 0.02, alpha_bar_T = 4e-5), rescaled to other T
so that alpha_bar_T stays near there. It starts with a standard deviation of a third of the distance between two
levels, at least theirs (beta_1 = 1e-4 at T = 1000): a step that moves x by far less than a level costs bits, since
p(x_{t-1} | x_t) must then be right to a fraction of a level that the data do not have. But it is at most 10 / T, or the
first few of many steps would leave nothing but noise.

Reference: Ho, Jain & Abbeel 2020, section 4.
"""

from typing import ClassVar

import torch
from torch import Tensor

from genlab.interfaces.constraints import PositiveFloat, PositiveInt
from genlab_ddpm.schedule import LARGEST_BETA, RISING, Advice, Schedule, check_rising


class Linear(Schedule):
    """Rise linearly.

    >>> Linear(3, None, beta_1=0.1, beta_T=0.5).betas()
    tensor([0.1000, 0.3000, 0.5000], dtype=torch.float64)
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
            beta_1: the first variance; by default (a third of a level)^2, at least 0.1 / T and at most 10 / T.
            beta_T: the last variance; by default 20 / T, at most 0.999.

        Raises:
            IncompatibleError: unless beta_1 <= beta_T < 1.
        """
        third = (bin_width / 3) ** 2 if bin_width else 0.0
        first = min(max(third, 0.1 / timesteps), 10 / timesteps) if beta_1 is None else beta_1
        last = min(20 / timesteps, LARGEST_BETA) if beta_T is None else beta_T
        check_rising("linear", first, last)
        self._timesteps, self._first, self._last = timesteps, first, last

    def betas(self) -> Tensor:
        """Return the T variances."""
        return torch.linspace(self._first, self._last, self._timesteps, dtype=torch.float64)
