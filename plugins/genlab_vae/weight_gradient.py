"""How the gradient of an importance-weighted bound is estimated."""

import abc
from typing import Any, ClassVar

from torch import Tensor

from genlab.interfaces import LatentModel, Posterior


class WeightGradient(abc.ABC):
    """An estimator of the gradient of log 1/k sum_i w_i; the bound's value is the same with each.

    Attributes:
        slot: the key of the estimator's table that names it.
        on_average: whether the gradient is right on average only, and not the derivative of the estimate with the
            noise held.
        unbiased: whether its mean is the gradient of the bound for every k; for k = 1 it always is.
    """

    slot: ClassVar[str] = "gradient"
    on_average: ClassVar[bool]
    unbiased: ClassVar[bool]

    @abc.abstractmethod
    def log_weights(self, model: LatentModel, posterior: Posterior, x: Tensor, z: Any) -> Tensor:
        """Return log p(x, z) - log q(z given x), `(S, B)`, through whose log-sum over S this gradient flows.

        Args:
            model: the joint.
            posterior: of the batch.
            x: `(B, *X)`.
            z: S draws that `posterior.rsample` has returned.
        """
