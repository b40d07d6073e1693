"""Laws of feature extractors: a fixed map from observations to points, learned from training data alone."""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor

from genlab.assembly import Assembly
from genlab.interfaces import Batch, FeatureExtractor, Split, Splits
from genlab.testing.check import check
from genlab.testing.claims import claim, claim_close, claim_equal, claim_finite
from genlab.testing.randomness import global_generators_untouched, scramble_global_generators
from genlab.testing.subject import Subject

_COUNT = 6
_IN_A_METRIC = re.compile(r"[a-z0-9_]+")
_ROUNDING = 1e-4
"""What a network in single precision may differ by as a share, when its batch has another size."""


def fitted(subject: Subject, assembly: Assembly, data: Splits | None = None) -> FeatureExtractor:
    """Make a subject's extractor as `genlab score` does, for the setting's data or others.

    What it keeps where data are kept, such as trained weights, it finds nowhere and leaves nowhere.
    """
    with _nothing_kept():
        made = subject.part(data or assembly.data, assembly.accelerator)
    assert isinstance(made, FeatureExtractor)
    return made


@torch.no_grad()
def seen(subject: Subject, assembly: Assembly, extractor: FeatureExtractor, count: int = _COUNT) -> Tensor:
    """Return the features of the same few observations, `(count, F)`."""
    return extractor.features(subject.batch(assembly, count).x)


@check("features")
def features_are_rows_of_one_length(subject: Subject) -> None:
    """Features are a tensor `(B, F)` in float64 on the device of x, of the same F whatever B and the precision of x."""
    assembly = subject.assembly()
    extractor, lengths = fitted(subject, assembly), set()
    for count, dtype in ((_COUNT, torch.float64), (1, torch.float64), (_COUNT, torch.float32)):
        x = subject.batch(assembly, count, dtype=dtype).x
        with torch.no_grad():
            features = extractor.features(x)
        claim(isinstance(features, Tensor), f"features must be a tensor, got {type(features).__name__}")
        shape = tuple(features.shape)
        claim(
            len(shape) == 2 and shape[0] == count and shape[1] > 0,
            f"the features of {count} observations must have shape ({count}, F), got {shape}",
        )
        claim(features.dtype == torch.float64, f"features must be float64, got {features.dtype}")
        claim(features.device == x.device, f"features must be on {x.device} where x is, got {features.device}")
        lengths.add(shape[1])
    claim(len(lengths) == 1, f"there must be one number of features, got {sorted(lengths)}")


@check("features")
def features_are_finite(subject: Subject) -> None:
    """The features of every training observation are finite, and so are those of values at their ends.

    Where the data have levels these are images of the lowest level alone, and of the highest; draws of a model may be
    such, and one infinite feature makes every distance infinite.
    """
    assembly = subject.assembly()
    extractor, levels = fitted(subject, assembly), assembly.data.spec.levels
    x = subject.batch(assembly, min(len(assembly.data.train), 200)).x
    ends = [torch.full_like(x[:1], value) for value in ((0, levels - 1) if levels else (0, 1))]
    with torch.no_grad():
        claim_finite(extractor.features(x), "a feature of training data")
        claim_finite(extractor.features(torch.cat(ends)), "a feature of a constant observation")


@check("features")
def features_tell_observations_apart(subject: Subject) -> None:
    """Not all of the training observations have the same features."""
    assembly = subject.assembly()
    features = seen(subject, assembly, fitted(subject, assembly))
    claim(
        bool((features != features[0]).any()),
        f"different observations must have different features, and all of {_COUNT} have {features[0][:3].tolist()}...",
    )


@check("features")
def features_of_one_observation_do_not_depend_on_the_others(subject: Subject) -> None:
    """An observation has the same features in any batch: alone, in another order, or beside others.

    Draws and data are looked at in batches of different sizes. What learns statistics from a batch, as batch
    normalization does in training, must be in evaluation mode.
    """
    assembly = subject.assembly()
    extractor = fitted(subject, assembly)
    x = subject.batch(assembly, _COUNT).x
    with torch.no_grad():
        together = extractor.features(x)
        alone = torch.cat([extractor.features(one) for one in torch.split(x, 1)])
        backward = extractor.features(x.flip(0)).flip(0)
    scale = float(together.abs().max())
    for found, what in ((alone, "alone"), (backward, "in another order")):
        claim_close(found, together, f"the features of an observation {what}", rtol=_ROUNDING, atol=1e-8 * scale)


@check("features")
def same_observations_same_features(subject: Subject) -> None:
    """Features are a function: asked again, after others and whatever the global generators hold, they are the same.

    A difference is a dropout that is on, noise, or a statistic that goes on being learned.
    """
    assembly = subject.assembly()
    extractor = fitted(subject, assembly)
    scramble_global_generators(1)
    before = seen(subject, assembly, extractor)
    with torch.no_grad():
        extractor.features(subject.batch(assembly, _COUNT, seed=1).x)
    scramble_global_generators(2)
    with global_generators_untouched("computing features"):
        again = seen(subject, assembly, extractor)
    claim_equal(again, before, "the features of the same observations, asked again,")


@check("features")
def fitting_features_again_gives_the_same(subject: Subject) -> None:
    """Made a second time of the same data, an extractor is the same, and global generators are left alone.

    What is random about it comes from a seed among its keys; otherwise two runs are compared in different spaces.
    """
    assembly = subject.assembly()
    found, names = [], []
    for seed in (1, 2):
        scramble_global_generators(seed)
        with global_generators_untouched("making an extractor"):
            extractor = fitted(subject, assembly)
        found.append(seen(subject, assembly, extractor))
        names.append(extractor.name)
    claim_equal(found[1], found[0], "features of an extractor made again")
    claim(names[0] == names[1], f"an extractor made again must have the name {names[0]!r}, got {names[1]!r}")


@check("features")
def features_are_fitted_to_training_data_alone(subject: Subject) -> None:
    """Other validation and test data make no other features.

    A space that has seen the test data makes them look nearer than they are.
    """
    assembly = subject.assembly()
    data = assembly.data
    other = replace(data, validation=_Turned(data.validation), test=_Turned(data.test))
    features = [seen(subject, assembly, fitted(subject, assembly, splits)) for splits in (data, other)]
    claim_equal(features[1], features[0], "features where validation and test data are others")


@check("features")
def computing_features_changes_nothing(subject: Subject) -> None:
    """X is the same after its features were computed, and so are the data the extractor was made of."""
    assembly = subject.assembly()
    before = subject.batch(assembly, _COUNT).x
    extractor = fitted(subject, assembly)
    x = before.clone()
    with torch.no_grad():
        extractor.features(x)
    claim_equal(x, before, "x after its features were computed")
    claim_equal(subject.batch(assembly, _COUNT).x, before, "training data after an extractor was made of them")


@check("features")
def features_have_a_name_for_metrics(subject: Subject) -> None:
    """`name` is of lower-case letters, digits and underscores, as it becomes part of names like `recall_pca64_k3`.

    `protocol` says in words what the features are.
    """
    assembly = subject.assembly()
    extractor = fitted(subject, assembly)
    name, protocol = extractor.name, extractor.protocol
    claim(
        isinstance(name, str) and _IN_A_METRIC.fullmatch(name) is not None,
        f"name must be of lower-case letters, digits and underscores, got {name!r}",
    )
    claim(isinstance(protocol, str) and len(protocol.split()) > 1, f"protocol must say it in words, got {protocol!r}")


class _Turned(Split):
    """A split whose observations are another's in the opposite order of their dimensions."""

    def __init__(self, right: Split) -> None:
        self._right = right

    def __len__(self) -> int:
        return len(self._right)

    def batches(self, indices: Iterable[Tensor], generator: torch.Generator) -> Iterator[Batch]:
        for batch in self._right.batches(indices, generator):
            yield replace(batch, x=batch.x.flatten(1).flip(1).view_as(batch.x))

    def to(self, device: torch.device) -> "_Turned":
        return _Turned(self._right.to(device))


@contextmanager
def _nothing_kept() -> Iterator[None]:
    """Let data and what is made of them be kept in an empty folder, which is gone afterwards."""
    before = os.environ.get("GENLAB_DATA")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GENLAB_DATA"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["GENLAB_DATA"]
            else:
                os.environ["GENLAB_DATA"] = before
