"""Laws of data sources: observations are what the specification says, and are read by index."""

import itertools
from collections.abc import Iterator

import torch
from torch import Tensor

from genlab.assembly import Assembly
from genlab.interfaces import Batch, Split
from genlab.testing.check import CannotRun, check
from genlab.testing.claims import claim, claim_equal, claim_values, needed
from genlab.testing.randomness import global_generators_untouched, scramble_global_generators
from genlab.testing.subject import Subject

_SPLITS = ("train", "validation", "test")
_MOST_ROWS = 2_000
_FAR_AHEAD = 1_000


def read(subject: Subject, assembly: Assembly, split: Split, *indices: Tensor, seed: int = 0) -> list[Batch]:
    """Read batches of a split."""
    return list(split.batches(iter(indices), subject.generator(assembly, seed)))


def rows(subject: Subject, assembly: Assembly, split: Split) -> Tensor:
    """Return the first observations of a split, `(R, *X)`, at most two thousand."""
    if not len(split):
        return torch.zeros(0, *assembly.data.spec.event_shape, device=assembly.accelerator.device)
    return read(subject, assembly, split, torch.arange(min(len(split), _MOST_ROWS)))[0].x


@check("data")
def observations_are_what_the_specification_says(subject: Subject) -> None:
    """X has shape `(B, *X)`, is floating point and finite, and holds integers 0..L-1 where there are L levels.

    Labels are integers 0..classes-1, and are there exactly where the specification gives their number. `num_data`
    is the size of the split, and `num_train` that of the training split.
    """
    assembly = subject.assembly()
    spec = assembly.data.spec
    claim(
        len(assembly.data.train) == spec.num_train,
        f"num_train must be {len(assembly.data.train)}, the training observations there are, got {spec.num_train}",
    )
    for name in _SPLITS:
        split = assembly.data[name]
        if not len(split):
            continue
        count = min(len(split), _MOST_ROWS)
        (batch,) = read(subject, assembly, split, torch.arange(count))
        what = f"the {name} split's x"
        claim(
            tuple(batch.x.shape) == (count, *spec.event_shape),
            f"{what} must have shape {(count, *spec.event_shape)}, got {tuple(batch.x.shape)}",
        )
        claim(batch.x.is_floating_point(), f"{what} must be floating point, got {batch.x.dtype}")
        claim(batch.num_data == len(split), f"num_data must be {len(split)}, the split's size, got {batch.num_data}")
        claim_values(batch.x.nan_to_num() if spec.missing else batch.x, spec.levels, what)
        _claim_labels(batch, spec.num_classes, name)


def _claim_labels(batch: Batch, num_classes: int | None, name: str) -> None:
    claim(
        (batch.y is None) == (num_classes is None),
        "labels must be there exactly where num_classes is, got "
        f"{'none' if batch.y is None else 'some'} in the {name} split with num_classes {num_classes}",
    )
    if batch.y is None or num_classes is None:
        return
    claim(batch.y.shape == batch.x.shape[:1], f"labels must have shape (B,), got {tuple(batch.y.shape)}")
    claim(not batch.y.is_floating_point(), f"labels must be integers, got {batch.y.dtype}")
    low, high = int(batch.y.min()), int(batch.y.max())
    claim(low >= 0 and high < num_classes, f"labels must be 0..{num_classes - 1}, got {low}..{high}")


@check("data")
def splits_share_no_observation(subject: Subject) -> None:
    """There is training data, and no observation is in two of the splits.

    It compares values, so it cannot run where training data repeat themselves anyway.
    """
    assembly = subject.assembly()
    claim(len(assembly.data.train) > 0, "the training split must not be empty")
    found = {name: _places(rows(subject, assembly, assembly.data[name])) for name in _SPLITS}
    for name in _SPLITS:
        distinct = len(found[name]) == min(len(assembly.data[name]), _MOST_ROWS)
        needed(distinct, f"the {name} split holds equal observations, so that equality says nothing")
    for one, other in itertools.combinations(_SPLITS, 2):
        shared = found[one].keys() & found[other].keys()
        if shared:
            row = min(shared)
            raise AssertionError(
                f"the splits must be disjoint, and {len(shared)} observations are in both {one} and {other}: "
                f"{one}[{found[one][row]}] is {other}[{found[other][row]}]"
            )


def _places(x: Tensor) -> dict[bytes, int]:
    """Return where each distinct observation stands, by its bytes."""
    return {row.tobytes(): index for index, row in enumerate(x.flatten(1).cpu().numpy())}


@check("data")
def a_batch_holds_the_observations_asked_for(subject: Subject) -> None:
    """The i-th observation of a batch is the one at the i-th index: any order, any number of times, any batch size.

    A source that shuffles on its own breaks resuming and the pairing of repeats; the order is the caller's.
    """
    assembly = subject.assembly()
    split = assembly.data.train
    count = min(len(split), 12)
    whole = _fixed(subject, assembly, split, count)
    generator = torch.Generator().manual_seed(0)
    mixed = torch.randint(count, (2 * count,), generator=generator)
    pieces = [torch.tensor([index]) for index in range(count)]
    for indices, what in (([mixed], "in another order"), (pieces, "one at a time"), ([torch.arange(count)], "again")):
        batches = read(subject, assembly, split, *indices)
        claim_equal(torch.cat([batch.x for batch in batches]), whole.x[torch.cat(indices)], f"x read {what}")
        if whole.y is not None:
            labels = torch.cat([batch.y for batch in batches if batch.y is not None])
            claim_equal(labels, whole.y[torch.cat(indices)], f"y read {what}")


def _fixed(subject: Subject, assembly: Assembly, split: Split, count: int) -> Batch:
    """Return the first observations, where they are the same each time they are read."""
    (whole,) = read(subject, assembly, split, torch.arange(count))
    (other,) = read(subject, assembly, split, torch.arange(count), seed=1)
    if not torch.equal(whole.x.nan_to_num(), other.x.nan_to_num()):
        raise CannotRun("an observation is drawn anew each time it is read")
    return whole


@check("data")
def indices_are_read_as_they_come(subject: Subject) -> None:
    """Batches can be taken from endless indices, as the stream of training data gives: they are not read ahead of time.

    A few batches may be read ahead, by worker processes say, but not all there are.
    """
    assembly = subject.assembly()

    def endless() -> Iterator[Tensor]:
        for _ in range(_FAR_AHEAD):
            yield torch.arange(1)
        raise AssertionError(f"indices must be read as batches are taken, and {_FAR_AHEAD} were read for three batches")

    batches = assembly.data.train.batches(endless(), subject.generator(assembly, 0))
    taken = list(itertools.islice(batches, 3))
    claim(len(taken) == 3, f"three batches must come of endless indices, got {len(taken)}")


@check("data")
def loading_twice_gives_the_same_data(subject: Subject) -> None:
    """A source loads the same splits each time, whatever the global generators hold, and leaves those alone."""
    assembly = subject.assembly()
    loaded = []
    for seed in (1, 2):
        scramble_global_generators(seed)
        with global_generators_untouched("loading data"):
            splits = assembly.source.load().to(assembly.accelerator.device)
            loaded.append({name: rows(subject, assembly, splits[name]) for name in _SPLITS})
    for name in _SPLITS:
        claim_equal(loaded[1][name], loaded[0][name], f"the {name} split, loaded again,")


@check("data")
def a_batch_can_be_written_to(subject: Subject) -> None:
    """Changing a batch in place does not change the data: whoever reads them next finds them as they were."""
    assembly = subject.assembly()
    for name in _SPLITS:
        split = assembly.data[name]
        if len(split):
            (batch,) = read(subject, assembly, split, torch.arange(min(len(split), 8)))
            before = batch.x.clone()
            batch.x.add_(1)
            if batch.y is not None:
                batch.y.add_(1)
            (again,) = read(subject, assembly, split, torch.arange(min(len(split), 8)))
            claim_equal(again.x, before, f"the {name} split after a batch of it was changed")


@check("data")
def a_split_can_be_moved(subject: Subject) -> None:
    """`to` gives a split of the same size and the same observations, and batches come on its device."""
    assembly = subject.assembly()
    split = assembly.data.train
    device = assembly.accelerator.device
    there = split.to(torch.device("cpu"))
    claim(len(there) == len(split), f"a moved split must have {len(split)} observations, got {len(there)}")
    (batch,) = there.batches([torch.arange(1)], torch.Generator())
    claim(batch.x.device.type == "cpu", f"batches must come on the CPU, got {batch.x.device}")
    claim(rows(subject, assembly, split).device == device, f"batches must come on {device}, where the data were put")
