"""The law of the components' parameters: the form that prior and posterior share.

Prior and posterior are members of one exponential family, conjugate to the likelihood: what the data say is added
to the prior's natural parameters, and the sum is the posterior's. So every variant of the mixture is fitted by the
same few lines, in natural parameters (coordinate ascent, natural gradient) or in free coordinates (gradients).

Locations are measured from an origin near the data, so that large offsets do not cost digits.
"""

import abc
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from genlab_mixture.coordinates import Coordinate
from genlab_mixture.gaussians import Gaussians


class ParameterLaw(abc.ABC):
    """A density of the parameters of K Gaussians; a frozen dataclass of float64 tensors.

    Attributes:
        coordinates: the parameters of the density by field, with the coordinates in which they are free; the other
            fields are constants.
        mean: the expected means, `(K, D)`.
        origin: where locations are measured from, `(D,)`.
    """

    coordinates: ClassVar[Mapping[str, Coordinate]]
    mean: Tensor
    origin: Tensor

    @abc.abstractmethod
    def natural(self) -> tuple[Tensor, ...]:
        """Return the natural parameters, `(K, ...)` each."""

    @abc.abstractmethod
    def with_natural(self, natural: tuple[Tensor, ...]) -> Self:
        """Return the density that has these natural parameters, which may be of any number of components."""

    @abc.abstractmethod
    def expected_log_density(self, under: Self) -> dict[str, Tensor]:
        """Return E[log density of this] where the parameters follow `under`.

        Returns:
            `mean`, of the means given the precisions, and `precision`, of those, where they are unknown; `(K,)` each.
        """

    @abc.abstractmethod
    def draw(self, num_draws: int, *, generator: torch.Generator) -> Gaussians:
        """Draw parameters, differentiable in those of the density."""

    @abc.abstractmethod
    def log_density(self, drawn: Gaussians) -> dict[str, Tensor]:
        """Return the log-density of drawn parameters by name, as `expected_log_density` does, `(S,)` each."""

    def free(self) -> dict[str, Tensor]:
        """Return the parameters in coordinates that may take any real value."""
        return {name: coordinate.free(getattr(self, name)) for name, coordinate in self.coordinates.items()}

    def constants(self) -> dict[str, Tensor]:
        """Return the fields that are not parameters."""
        return {name: value for name, value in self.tensors().items() if name not in self.coordinates}

    def tensors(self) -> dict[str, Tensor]:
        """Return all fields."""
        own: Any = self
        return {field.name: getattr(self, field.name) for field in fields(own)}

    def like(self, other: "ParameterLaw") -> Self:
        """Return the law with the parameters of another of its kind, and the constants of this one."""
        own: Any = self
        same: Self = replace(own, **{name: getattr(other, name) for name in self.coordinates})
        return same

    def with_mean(self, mean: Tensor) -> Self:
        """Return the same density around other means, `(K, D)`."""
        own: Any = self
        moved: Self = replace(own, mean=mean)
        return moved
