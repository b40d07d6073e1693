"""An update rule: how the parameters move towards a better bound."""

import abc
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, Protocol

import torch

from genlab.interfaces.data_source import Batch
from genlab.interfaces.partner import Partner
from genlab.ledger import Ledger


class TrainingData(Protocol):
    """The training split as an update rule sees it: an endless shuffled stream, or whole sweeps.

    Where several processes share a run, each sees its own share of a minibatch or a sweep.
    """

    @property
    def num_data(self) -> int:
        """N, the number of training observations, of all processes together."""

    @property
    def share(self) -> float:
        """The part of each minibatch that this process reads, 1 where there is one process, and 1 in sum."""

    def next(self) -> Batch:
        """Return this process's share of the next minibatch of the shuffled stream."""

    def sweep(self) -> Iterator[Batch]:
        """Yield this process's share of the training observations once, in order, in batches that bound the memory."""


class UpdateRule(Partner, abc.ABC):
    """How the parameters move. Built after the model and the family stand on their device.

    Attributes:
        slot: the recipe table that names it.
        partners: slots this part depends on, and the class each must have; checked at assembly.
        shares_work: whether a step is right where several processes each see their share of the data: it sums over
            them what it has found, so that all move alike.
        stop_reason: None while there is more to gain; otherwise why no further step is needed.
    """

    slot: ClassVar[str] = "update"
    shares_work: ClassVar[bool] = False
    stop_reason: str | None = None

    @abc.abstractmethod
    def step(self, data: TrainingData, *, generator: torch.Generator) -> Ledger:
        """Move the parameters once, in place.

        Args:
            data: the training split.
            generator: the step's randomness, on the parameters' device.

        Returns:
            The bound as it was estimated on the way, detached; reading it may wait for the device, so a step
            does not.
        """

    @abc.abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run needs: nested dicts with string keys, of tensors, numbers, strings, lists."""

    @abc.abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up a state that `state_dict` returned."""

    def carry_over(self, state: dict[str, Any]) -> None:
        """Begin at parameters that were taken from another run, fitted to other data perhaps.

        Called once, before the first step. A rule that keeps something of the parameters, such as an average, begins
        it anew; of the other run's state it takes what helps. Whether that run had converged, or how far its
        learning rate had fallen, does not. By default nothing is taken.

        Args:
            state: what `state_dict` of a rule of this class returned, for parameters of the same shapes; empty where
                the other run had another rule, or another prior.
        """

    def evaluation_weights(self) -> AbstractContextManager[None]:
        """Return a context in which the parameters are those to evaluate and sample with (an average, say)."""
        return nullcontext()
