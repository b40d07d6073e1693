"""A noise schedule: how much noise each of the T steps adds.

q(x_t | x_{t-1}) = N( sqrt(1 - beta_t) x_{t-1}, beta_t I ),   t = 1..T
"""

import abc
from typing import ClassVar

from torch import Tensor


class Schedule(abc.ABC):
    """The variances beta_1..beta_T.

    Its owner builds it with T, and with the distance between two grey levels of x_0 (None for real data): steps
    far finer than that distance only cost bits.

    Attributes:
        slot: the nested recipe table that names it.
    """

    slot: ClassVar[str] = "schedule"

    @abc.abstractmethod
    def betas(self) -> Tensor:
        """Return beta_1..beta_T, `(T,)`, float64, each above 0 and below 1."""
