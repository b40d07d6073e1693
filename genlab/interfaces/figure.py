"""A figure: a picture of a fitted model that a run leaves behind."""

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from matplotlib.figure import Figure as Canvas

from genlab.interfaces.data_source import Splits
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.partner import Partner
from genlab.interfaces.sampler import Draws
from genlab.interfaces.variational_family import VariationalFamily


@dataclass(frozen=True)
class FigureContext:
    """What a figure may look at.

    Attributes:
        model, family: the fitted parts, holding the weights to evaluate with.
        data: the data set they were fitted to.
        draws: new observations from the run's sampler; None where the recipe names no sampler.
        history: the lines of `metrics.jsonl`, oldest first.
        generator: the figure's own randomness, on the model's device.
        candidates: the rows of `run.json` of a run with candidates; empty for any other.
    """

    model: LatentModel
    family: VariationalFamily
    data: Splits
    draws: Draws | None
    history: Sequence[Mapping[str, Any]]
    generator: torch.Generator
    candidates: Sequence[Mapping[str, Any]] = ()


class Figure(Partner, abc.ABC):
    """A picture. After a run, every installed figure whose partners fit the run is drawn.

    Attributes:
        slot: the kind of component it is; a recipe does not name it.
        partners: slots this part depends on, and the class each must have.
    """

    slot: ClassVar[str] = "figure"

    @abc.abstractmethod
    def draw(self, context: FigureContext) -> Canvas | None:
        """Return the picture, or None where there is nothing to show."""
