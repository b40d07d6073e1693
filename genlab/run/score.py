"""Score a fitted assembly's draws against data: distances, overlap of supports, copying, in a space of features.

Three sets of features are compared with one reference of real observations that the model has not seen:

    draws of the model  <->  reference          the score
    training data       <->  reference          the baseline: what more real data would score

The baseline is no zero, because every number depends on how many points there are. A model's draws cannot be expected
to come nearer; draws and baseline are of one size where the training data allow it.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from genlab.assembly.assembly import Assembly
from genlab.assembly.streams import stream_seed
from genlab.divergences.samples import (
    frechet_distance,
    kernel_distance,
    nearest_of,
    share_of_nearer,
    support_overlap,
)
from genlab.errors import DataError, NonFiniteError
from genlab.interfaces import FeatureExtractor, Part
from genlab.parts.features.pca import PCA
from genlab.run.draw import CHUNK, draws_in_chunks
from genlab.run.evaluate import observations_in
from genlab.run.looking import looking_at

NUM_DRAWS = 2_000
NUM_NEIGHBORS = 3
MOST_TRAINING = 100_000
LARGEST_BLOCK, NUM_BLOCKS = 1_000, 10
SMALLEST_SET = 4


@dataclass(frozen=True)
class Score:
    """How good draws are.

    Attributes:
        metrics: of the draws, by a name that says with which features and how many neighbors.
        baseline: the same of real training observations.
        protocol: how the numbers were made.
        num_draws, num_reference, num_baseline: the sizes of the sets.
        sampling_seconds: how long drawing took, features included.
    """

    metrics: dict[str, float | None]
    baseline: dict[str, float | None]
    protocol: str
    num_draws: int
    num_reference: int
    num_baseline: int
    sampling_seconds: float

    def as_json(self) -> dict[str, Any]:
        """Return the document `genlab score --json` prints."""
        return dict(vars(self))


def score(assembly: Assembly, num_draws: int | None = None, *, split: str = "test", seed: int | None = None) -> Score:
    """Draw with the averaged weights and compare the draws with data.

    Args:
        assembly: a fitted assembly; its `eval.features` say what is compared.
        num_draws: how many; by default 2,000, or as many as there are training observations.
        split: the reference: `test` or `validation`, or a half of `train`.
        seed: another stream of draws; by default the recipe's seed.

    Raises:
        UsageError: when the recipe names no sampler, or there is no split of that name.
        DataError: when there are too few observations.
        IncompatibleError: when the features do not suit the data.
        NonFiniteError: when a feature of a draw is NaN or infinite.
    """
    return Scoring(assembly, num_draws, split=split).score(assembly, seed=seed)


class Scoring:
    """What draws are compared with, looked at once and used for any number of samplers."""

    def __init__(self, assembly: Assembly, num_draws: int | None = None, *, split: str = "test") -> None:
        """Choose the observations and make the features.

        Args:
            assembly, num_draws, split: as for `score`.

        Raises:
            UsageError, DataError, IncompatibleError: as `score`.
        """
        self._num_draws = num_draws or min(NUM_DRAWS, len(assembly.data.train))
        self._split = split
        reference, baseline = _chosen(assembly, split, self._num_draws)
        self._extractor = (assembly.eval.features or Part(PCA))(assembly.data, assembly.accelerator)
        with looking_at(assembly):
            self._reference = torch.cat(list(_features_of(assembly, self._extractor, split, reference)))
            self._baseline = torch.cat(list(_features_of(assembly, self._extractor, "train", baseline)))
            self._floor = _compared(assembly, self._extractor.name, self._baseline, self._reference)
            if split != "train":
                held_out, ours = self._to_training(assembly, self._reference, self._baseline)
                self._held_out_distances = held_out
                self._floor[self._copying_name] = share_of_nearer(ours, held_out)

    @property
    def _copying_name(self) -> str:
        return f"copying_{self._extractor.name}"

    def score(self, assembly: Assembly, *, seed: int | None = None) -> Score:
        """Draw and compare.

        Args:
            assembly: the one this was made of, or another with the same data, weights and device.
            seed: as for the function `score`.

        Raises:
            UsageError, NonFiniteError: as the function `score`.
        """
        name = self._extractor.name
        with looking_at(assembly):
            start = time.perf_counter()
            draws = torch.cat(list(_features_of_draws(assembly, self._extractor, self._num_draws, seed)))
            assembly.accelerator.synchronize()
            seconds = time.perf_counter() - start
            metrics = _compared(assembly, name, draws, self._reference)
            if self._split != "train":
                (ours,) = self._to_training(assembly, draws)
                metrics[self._copying_name] = share_of_nearer(ours, self._held_out_distances)
        sizes = (self._num_draws, len(self._reference), len(self._baseline))
        protocol = _protocol(assembly, self._extractor, self._split, sizes)
        return Score(metrics, dict(self._floor), protocol, *sizes, seconds)

    def _to_training(self, assembly: Assembly, *sets: Tensor) -> tuple[Tensor, ...]:
        """Return the distances of each set's points to the nearest training observations, which are gone through."""
        indices = torch.arange(min(len(assembly.data.train), MOST_TRAINING))
        distances, _ = nearest_of(torch.cat(sets), _features_of(assembly, self._extractor, "train", indices))
        return torch.split(distances, [len(one) for one in sets])


def _chosen(assembly: Assembly, split: str, wanted: int) -> tuple[Tensor, Tensor]:
    """Return which observations are the reference and which training data the baseline, at random and never both."""
    available = observations_in(assembly, split)
    generator = torch.Generator().manual_seed(stream_seed(assembly.seed, "evaluation"))
    training = torch.randperm(len(assembly.data.train), generator=generator)
    if split == "train":
        half = available // 2
        reference, baseline = training[:half], training[half:]
    else:
        reference, baseline = torch.randperm(available, generator=generator), training
    reference, baseline = reference[:wanted], baseline[:wanted]
    for size, what in ((wanted, "draws"), (len(reference), f"{split} observations"), (len(baseline), "training data")):
        if size < SMALLEST_SET:
            raise DataError(f"a score must compare at least {SMALLEST_SET} {what}, got {size}. Use more.")
    return reference, baseline


def _features_of_draws(
    assembly: Assembly, extractor: FeatureExtractor, num_draws: int, seed: int | None
) -> Iterator[Tensor]:
    for chunk in draws_in_chunks(assembly, num_draws, seed=seed):
        features = extractor.features(chunk.x)
        if not features.isfinite().all():
            raise NonFiniteError(f"the features ({extractor.name}) of every draw must be finite, and some are not.")
        yield features


def _features_of(assembly: Assembly, extractor: FeatureExtractor, split: str, indices: Tensor) -> Iterator[Tensor]:
    observation = assembly.accelerator.generator(stream_seed(assembly.seed, "evaluation"))
    parts = (indices[start : start + CHUNK] for start in range(0, len(indices), CHUNK))
    for batch in assembly.data[split].batches(parts, observation):
        yield extractor.features(batch.x)


def _compared(assembly: Assembly, name: str, x: Tensor, reference: Tensor) -> dict[str, float | None]:
    block_size = max(2, min(LARGEST_BLOCK, min(len(x), len(reference)) // NUM_BLOCKS))
    generator = assembly.accelerator.generator(stream_seed(assembly.seed, "evaluation"))
    kernel = kernel_distance(x, reference, block_size=block_size, generator=generator)
    overlap = support_overlap(x, reference, num_neighbors=NUM_NEIGHBORS)
    metrics: dict[str, float | None] = {
        f"frechet_distance_{name}": float(frechet_distance(x, reference)),
        f"kernel_distance_{name}": float(kernel.value),
        f"kernel_distance_{name}_se": float(kernel.standard_error),
    }
    return metrics | {f"{share}_{name}_k{NUM_NEIGHBORS}": value for share, value in vars(overlap).items()}


def _protocol(assembly: Assembly, extractor: FeatureExtractor, split: str, sizes: tuple[int, int, int]) -> str:
    num_draws, num_reference, num_baseline = sizes
    reference = f"half of the {split} split" if split == "train" else f"the {split} split"
    return (
        f"{num_draws:,} draws of {type(assembly.sampler).__name__} and {num_baseline:,} training observations, each "
        f"against {num_reference:,} of {reference} of {assembly.data.spec.name}; features: {extractor.protocol}; "
        f"{NUM_NEIGHBORS} neighbors; float64"
    )
