"""Guidance: which class a draw shall be of, and how strongly.

    guided(x_t, t) = (1 - w) network(x_t, t, no class) + w network(x_t, t, y)

At w = 1 it is the class-conditional model; above, draws are more typical of their class and less varied. It is the same
formula for eps, x_0 and v, which are linear in each other.

Reference: Ho & Salimans 2022, eq. 6, whose w is ours minus 1.
"""

import abc
import math
from typing import ClassVar

import torch
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces import Part
from genlab.interfaces.constraints import NonNegativeFloat, NonNegativeInt
from genlab_ddpm.misfits import guidance_misfit, refuse
from genlab_ddpm.model import DDPM


class Guidance(abc.ABC):
    """What the network is asked while a sampler walks.

    Attributes:
        slot: the nested recipe table that names it.
    """

    slot: ClassVar[str] = "guidance"

    @abc.abstractmethod
    def ask(self, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return what `DDPM.ask` does, for the draws `(B, *X)` of one walk at timesteps `(B,)`."""

    def classes(self, num_draws: int) -> Tensor | None:
        """Return the classes that the draws of one walk are led towards, `(num_draws,)`; None by default."""
        return None


def guided(guidance: Part[Guidance] | None, model: DDPM) -> Guidance | None:
    """Return a sampler's guidance, built for a model; None where it has none."""
    return None if guidance is None else guidance(model)


class ClassifierFree(Guidance):
    """Lead draws towards classes."""

    def __init__(
        self, model: DDPM, /, *, weight: NonNegativeFloat = 2.0, classes: tuple[NonNegativeInt, ...] | None = None
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            weight: w: 0 forgets the class, 1 is the conditional model, above 1 exaggerates.
            classes: the classes of the draws, over and over; by default all of them in turn.

        Raises:
            IncompatibleError: when the model was not told classes, or has no such class.
        """
        refuse(guidance_misfit(model.num_classes))
        assert model.num_classes is not None
        self._model, self._weight = model, weight
        chosen = tuple(range(model.num_classes)) if classes is None else classes
        if not chosen or max(chosen) >= model.num_classes:
            raise IncompatibleError(
                f"sampler.guidance.classes must be of 0 to {model.num_classes - 1}, got {list(chosen)}. "
                "Name some of these, or leave classes out for all in turn."
            )
        self._classes = torch.tensor(chosen)

    def ask(self, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor | None]:
        """Ask with and without the class, in one pass."""
        self._classes = self._classes.to(x_t.device)  # once: a copy to a GPU at each step would wait for it
        y = self._in_turn(len(x_t))
        if self._weight == 1:
            return self._model.ask(x_t, t, y)
        both = torch.cat([y, torch.full_like(y, self._model.no_class)])
        prediction, share = self._model.ask(x_t.repeat(2, *[1] * (x_t.ndim - 1)), t.repeat(2), both)
        with_class, without = prediction.chunk(2)
        return without + self._weight * (with_class - without), None if share is None else share.chunk(2)[0]

    def classes(self, num_draws: int) -> Tensor | None:
        """Return the classes over and over; None at weight 0, where they have no say."""
        return self._in_turn(num_draws) if self._weight else None

    def _in_turn(self, num_draws: int) -> Tensor:
        return self._classes.repeat(math.ceil(num_draws / len(self._classes)))[:num_draws]
