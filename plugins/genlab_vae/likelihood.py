"""A likelihood p(x given z): how a decoder's output becomes a distribution over one type of data."""

import abc
import warnings
from typing import ClassVar

import torch
from torch import Tensor, nn

from genlab.errors import GenlabWarning, IncompatibleError
from genlab.interfaces.data_source import DataSpec


class Likelihood(nn.Module, abc.ABC):
    """The distribution of x that the decoder's output stands for. Built with the `DataSpec`.

    Attributes:
        slot: the key of the model's table that names it.
        event_shape: `*X`, the shape of one observation.
        output_shape: `*O`, the shape the decoder must deliver for one observation.
    """

    slot: ClassVar[str] = "likelihood"
    event_shape: tuple[int, ...]
    output_shape: tuple[int, ...]

    @abc.abstractmethod
    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        """Return log p(x given z), every constant kept.

        Args:
            x: `(B, *X)`, in the data's own values.
            output: `(S, B, *O)`, the decoder's output for S draws of z.

        Returns:
            `(S, B)` in nats: a log mass where x is discrete, a log density where it is real.
        """

    @abc.abstractmethod
    def mean(self, output: Tensor) -> Tensor:
        """Return the expectation of x, `(B, *X)`, given outputs `(B, *O)`."""

    @abc.abstractmethod
    def sample(self, output: Tensor, *, generator: torch.Generator) -> Tensor:
        """Draw x, `(B, *X)`, one for each of the outputs `(B, *O)`."""


def levels_of(spec: DataSpec, name: str) -> int:
    """Return L, for a likelihood of integers.

    Raises:
        IncompatibleError: when x is real.
    """
    if spec.levels is None:
        raise IncompatibleError(
            f"likelihood {name!r} must have x in {{0, ..., L - 1}}, got real numbers from {spec.name!r}. Use "
            "likelihood 'gaussian'."
        )
    return spec.levels


def warn_of_density(spec: DataSpec, name: str) -> None:
    """Warn where a likelihood gives a density to integers."""
    if spec.levels is not None:
        warnings.warn(
            f"likelihood {name!r} gives integer data ({spec.name!r}) a density, not a probability: its bits per "
            "dimension compare with no other likelihood's. Use 'discretized-logistic' for a probability.",
            GenlabWarning,
            stacklevel=3,
        )
