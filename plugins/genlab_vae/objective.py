"""What training minimises: minus the likelihood, and a cost of the divergence."""

import abc
from typing import ClassVar

from torch import Tensor


class Objective(abc.ABC):
    """What KL(q || p) costs in training, where that is not itself. The ledger holds the bound with any of them.

    Attributes:
        slot: the key of the estimator's table that names it.
        surrogate: the objective's name; None where it is the negative bound itself.
    """

    slot: ClassVar[str] = "objective"
    surrogate: ClassVar[str | None]

    @abc.abstractmethod
    def divergence_cost(self, kl: Tensor, step: int | None) -> Tensor:
        """Return what the divergence costs, `()`, in nats per observation.

        Args:
            kl: `(B, G)`, the divergence of each of G groups of latents that are independent under q and under the
                prior; G = 1 where nothing is known to be independent.
            step: how many training steps were made before this one; None outside training, where the cost is that of
                the end of training.
        """
