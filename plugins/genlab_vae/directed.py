"""A model that is drawn from the top down: z from its prior, then x given z."""

import abc
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from genlab.interfaces.latent_model import LatentModel


class DirectedModel(LatentModel):
    """A joint p(z) p(x given z), both of whose factors can be drawn from.

    The latents may lie in layers. What a posterior describes of a layer carries the layer's name, as `lower_mean`.
    """

    @property
    @abc.abstractmethod
    def layers(self) -> Mapping[str, int]:
        """J by the name of each layer, `""` where there is one; the one that x depends on first."""

    @abc.abstractmethod
    def latents_at(self, values: Mapping[str, Tensor]) -> Any:
        """Return z as `sample_prior` returns it, of given values.

        Args:
            values: `(B, J)` by the name of each layer, `""` where there is one.
        """

    @abc.abstractmethod
    def sample_prior(self, num_draws: int, *, generator: torch.Generator) -> Any:
        """Draw z, one for each of `num_draws` observations: without the axis of draws that `log_joint` takes."""

    @abc.abstractmethod
    def mean_given(self, z: Any) -> Tensor:
        """Return E[x given z], `(B, *X)`, for z as `sample_prior` returns it."""

    @abc.abstractmethod
    def sample_given(self, z: Any, *, generator: torch.Generator) -> Tensor:
        """Draw x from p(x given z), `(B, *X)`, for z as `sample_prior` returns it."""
