"""A latent variable model: a joint density p(x, z) of observed x and unobserved z."""

import abc
from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from genlab.errors import IncompatibleError
from genlab.interfaces.data_source import Batch
from genlab.interfaces.diagnosis import Diagnosis
from genlab.interfaces.partner import Partner


class LatentModel(Partner, nn.Module, abc.ABC):
    """The joint p(x, z), as named log-density factors.

    Attributes:
        slot: the recipe table that names it.
        partners: slots this part depends on, and the class each must have; checked at assembly.
        event_shape: the shape `*X` of one observation, e.g. `(1, 28, 28)`.
        accepts_missing: whether x may hold NaN for values that were not observed; the model then leaves them out of
            the density, which is to integrate over them.
        log_symmetries: the logarithm of how many relabellings of z leave the joint as it is (K! for a mixture of K
            alike components). The posterior has as many equal modes. A family that sits in one of them misses up to
            this much of the log evidence, so it is added to bounds before models are compared.
    """

    slot: ClassVar[str] = "model"
    accepts_missing: ClassVar[bool] = False
    event_shape: tuple[int, ...]
    log_symmetries: float = 0.0

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

    def diagnose(self, family: nn.Module, batches: Iterable[Batch], *, generator: torch.Generator) -> Diagnosis:
        """Return what else there is to know of a fit, beside its bound: nothing by default.

        An evaluation asks it, in evaluation mode and without gradients. What it remarks ends a run's summary.

        Args:
            family: fitted to this model, on the same device.
            batches: the observations of a split, once, in order.
            generator: the only source of randomness.
        """
        return Diagnosis()

    def adopt_posterior(self, family: nn.Module) -> None:
        """Take what a family says of the latents shared by all observations as this model's prior of them, in place.

        So a model that has seen some data goes on to the next: the posterior of yesterday is the prior of today. What
        changes is kept in buffers that a checkpoint holds, and `load_state_dict` takes such a checkpoint in a model
        that has not adopted anything.

        Args:
            family: a family fitted to this model, on the same device.

        Raises:
            IncompatibleError: where the model has no such latents, or cannot do this.
        """
        raise IncompatibleError(
            f"model {type(self).__name__} must be able to take a posterior as its prior, and is not. Start from the "
            "other run's parameters instead."
        )
