"""The state of a training run: everything a resumed run needs to go on with the same bits."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from genlab.assembly.assembly import Assembly
from genlab.assembly.streams import stream_seed
from genlab.errors import IncompatibleError, RunFolderError
from genlab.interfaces import Batch, Split
from genlab.run.order import visits

SWEEP_NUMBERS = 2**20
"""How many numbers a sweep reads at a time: 4 MiB, which is little memory and enough to hide the cost of a call."""


class TrainingStream:
    """The training split as an endless shuffled stream.

    Epoch e visits the data in a permutation (see `order`) fixed by the order seed and e alone, so the place in the
    stream is one number: how many batches were delivered. The last, smaller batch of an epoch is left out.
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        *,
        order_seed: int,
        observation: torch.Generator,
        sweep_size: int = 1,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        """Make one.

        Args:
            split: N observations.
            batch_size: B; cut to N.
            order_seed: where the permutations come from.
            observation: randomness of the observation itself, on the split's device.
            sweep_size: how many observations a sweep reads at a time, at least B.
            rank: which share is read here, from 0.
            world_size: how many shares there are.

        Raises:
            IncompatibleError: when there are more shares than observations in a minibatch.
        """
        self.num_data = len(split)
        self.batch_size = min(batch_size, self.num_data)
        self.batches_per_epoch = self.num_data // self.batch_size
        self.num_delivered = 0
        self.examples_read = 0
        self._sweep_size = max(batch_size, sweep_size)
        self._split, self._order_seed, self._observation = split, order_seed, observation
        if self.batch_size < world_size:
            raise IncompatibleError(
                f"data.batch_size must be at least 1 for each of {world_size} processes, got {self.batch_size} in all. "
                "Make it larger, or start fewer processes."
            )
        self._batch_part = _part(self.batch_size, rank, world_size)
        self._sweep_part = _part(self.num_data, rank, world_size)
        self._batches: Iterator[Batch] | None = None

    @property
    def share(self) -> float:
        """Which part of each minibatch is read here."""
        return len(self._batch_part) / self.batch_size

    def next(self) -> Batch:
        """Return this process's share of the next minibatch."""
        if self._batches is None:
            self._batches = self._split.batches(self._indices(self.num_delivered), self._observation)
        self.num_delivered += 1
        self.examples_read += self.batch_size
        return next(self._batches)

    def sweep(self) -> Iterator[Batch]:
        """Yield every observation of this process's share once, in order, a batch at a time."""
        self.examples_read += self.num_data
        part = self._sweep_part
        return self._split.in_order(self._sweep_size, self._observation, start=part.start, stop=part.stop)

    def seek(self, num_delivered: int) -> None:
        """Go to the place where `num_delivered` batches have been delivered."""
        self.num_delivered = num_delivered
        self._batches = None

    def _indices(self, start: int) -> Iterator[Tensor]:
        epoch, position = divmod(start, self.batches_per_epoch)
        while True:
            for batch in visits(self.num_data, self._order_seed + epoch, self.batch_size, position):
                yield batch[self._batch_part.start : self._batch_part.stop]
            epoch, position = epoch + 1, 0


def _part(count: int, rank: int, world_size: int) -> range:
    """Return the numbers 0..count-1 that are a process's share; shares differ by at most one."""
    return range(rank * count // world_size, (rank + 1) * count // world_size)


class TrainingState:
    """An assembly together with where its training stands."""

    def __init__(self, assembly: Assembly) -> None:
        """Start at step 0 of `assembly`.

        Raises:
            IncompatibleError: where several processes run what only one can.
        """
        self.assembly = assembly
        self.step = 0
        self.elapsed_seconds = 0.0
        accelerator = assembly.accelerator
        if accelerator.world_size > 1 and not assembly.update.shares_work:
            raise IncompatibleError(
                f"update must be a rule that shares its work to run on {accelerator.world_size} processes, got "
                f"{type(assembly.update).__name__}. Start it without torchrun."
            )
        # The processes of a run see different data, and draw different noise.
        self.generator = accelerator.generator(stream_seed(assembly.seed, "training") + accelerator.rank)
        self._observation = accelerator.generator(stream_seed(assembly.seed, "observation") + accelerator.rank)
        self.stream = TrainingStream(
            assembly.data.train,
            assembly.source.batch_size,
            order_seed=stream_seed(assembly.seed, "order"),
            observation=self._observation,
            sweep_size=SWEEP_NUMBERS // assembly.data.spec.num_dims,
            rank=accelerator.rank,
            world_size=accelerator.world_size,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the whole state as nested dicts of tensors and plain values.

        Of several processes, all must ask for it together, for it holds the generators of each.
        """
        gather = self.assembly.accelerator.all_gather
        return {
            "model": dict(self.assembly.model.state_dict()),
            "family": dict(self.assembly.family.state_dict()),
            "update": self.assembly.update.state_dict(),
            "progress": {
                "step": self.step,
                "elapsed_seconds": self.elapsed_seconds,
                "batches_delivered": self.stream.num_delivered,
                "examples_read": self.stream.examples_read,
                "stop_reason": self.assembly.update.stop_reason,
                "device": self.assembly.accelerator.device.type,
                "training_generator": gather(self.generator.get_state()),
                "observation_generator": gather(self._observation.get_state()),
            },
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up a state that `state_dict` returned for an assembly of the same recipe.

        Raises:
            RunFolderError: when the state belongs to other parts.
        """
        try:
            self._load(state)
        except (RuntimeError, KeyError, ValueError) as error:
            reason = " ".join(line.strip() for line in str(error).splitlines()[:2])
            raise RunFolderError(
                f"the checkpoint must fit the recipe's parts, and it does not: {reason} Leave the model, family and "
                "update as they were."
            ) from error

    def _load(self, state: dict[str, Any]) -> None:
        self.assembly.model.load_state_dict(state["model"])
        self.assembly.family.load_state_dict(state["family"])
        self.assembly.update.load_state_dict(state["update"])
        progress = state["progress"]
        self.step = int(progress["step"])
        self.elapsed_seconds = float(progress["elapsed_seconds"])
        self.stream.seek(int(progress["batches_delivered"]))
        self.stream.examples_read = int(progress["examples_read"])
        self.assembly.update.stop_reason = progress["stop_reason"]
        accelerator = self.assembly.accelerator
        training, observation = (progress[f"{name}_generator"] for name in ("training", "observation"))
        if progress["device"] == accelerator.device.type and len(training) == accelerator.world_size:
            # Copied, for a generator reads the memory its state begins at, and a row begins elsewhere.
            self.generator.set_state(training[accelerator.rank].clone())
            self._observation.set_state(observation[accelerator.rank].clone())
        else:  # another type of device draws other numbers from the same state: go on with a stream of its own
            fresh = self.step + accelerator.rank
            self.generator.manual_seed(stream_seed(self.assembly.seed, "training") + fresh)
            self._observation.manual_seed(stream_seed(self.assembly.seed, "observation") + fresh)

    def non_finite_parameter(self) -> str | None:
        """Return the name of a parameter that holds a NaN or an infinity, or None; it waits for the device."""
        modules: dict[str, nn.Module] = {"model": self.assembly.model, "family": self.assembly.family}
        for part, module in modules.items():
            for name, value in module.named_parameters():
                if not bool(torch.isfinite(value).all()):
                    return f"{part}.{name}"
        return None
