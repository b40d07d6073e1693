"""A sampler: how new observations x are drawn from a fitted model."""

import abc
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.partner import Partner


@dataclass(frozen=True)
class Draws:
    """Observations drawn from a model.

    Attributes:
        x: `(num_draws, *X)`, in the data's own values.
        trajectory: `(frames, num_draws, *X)`, the way there, first frame first; None unless asked for.
        y: `(num_draws,)`, the class that each was drawn of, as the data number them; None where none was chosen.
    """

    x: Tensor
    trajectory: Tensor | None = None
    y: Tensor | None = None


class Sampler(Partner, abc.ABC):
    """How x is drawn.

    Attributes:
        slot: the recipe table that names it.
        partners: slots this part depends on, and the class each must have; checked at assembly.
        autocast: whether draws are made in the accelerator's precision, as training is: for samplers that ask a network
            many times. Bounds are evaluated in float32 all the same.
    """

    slot: ClassVar[str] = "sampler"
    autocast: ClassVar[bool] = False

    @abc.abstractmethod
    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        """Draw observations.

        Args:
            model: the fitted model.
            num_draws: how many, at least 1.
            generator: the only source of randomness, on the model's device.
            trajectory: whether to keep the intermediate states, where the sampler has any.
        """
