"""What training minimises, and how far the gradient of the bound reaches."""

import abc
from typing import ClassVar, Literal

from torch import Tensor

from genlab_ddpm.model import DDPM


class Objective(abc.ABC):
    """A weighting of the squared errors of the prediction, with a share of the bound.

    Attributes:
        slot: the nested recipe table that names it.
        surrogate: the objective's name; None where it is the negative bound itself.
        bound_reaches: what the bound's rows are differentiated in: `nothing`, the reverse chain's `variance` alone,
            or `everything`.
        bound_share: how much of the negative bound, in bits per dimension, is added to the squared error.
    """

    slot: ClassVar[str] = "objective"
    surrogate: ClassVar[str | None]
    bound_reaches: ClassVar[Literal["nothing", "variance", "everything"]] = "nothing"
    bound_share: float = 0.0

    @abc.abstractmethod
    def error_weight(self, model: DDPM, t: Tensor) -> Tensor:
        """Return the weight of the squared error of the network's prediction at timesteps t, both `(B,)`."""
