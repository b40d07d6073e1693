"""A latent variable model: a joint density p(x, z) of observed x and unobserved z."""

import abc
from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn


class LatentModel(nn.Module, abc.ABC):
    """The joint p(x, z), as named log-density factors.

    Attributes:
        slot: the recipe table that names it.
        partners: slots this part depends on, and the class each must have; checked at assembly.
        event_shape: the shape `*X` of one observation, e.g. `(1, 28, 28)`.
        accepts_missing: whether x may hold NaN for values that were not observed; the model then leaves them out of
            the density, which is to integrate over them.
    """

    slot: ClassVar[str] = "model"
    partners: ClassVar[Mapping[str, type]] = {}
    accepts_missing: ClassVar[bool] = False
    event_shape: tuple[int, ...]

    @abc.abstractmethod
    def log_joint(self, x: Tensor, z: Any) -> dict[str, Tensor]:
        """Return log p(x, z) as named factors; their sum is the joint, every constant kept.

        Args:
            x: `(B, *X)`, observations in the data's own values.
            z: S draws of the latent variables, in the form this model defines.

        Returns:
            Nats by name: `(S, B)` for a factor of each observation (local), `(S,)` for one factor shared by
            all observations (global).
        """
