import math
from dataclasses import replace

import pytest
import torch
from toy import ToySampler, ToySource, toy_assembly

from genlab.errors import DataError, NonFiniteError, UsageError
from genlab.interfaces import Draws, EvalSettings, Part, Sampler
from genlab.parts.features.pca import PCA
from genlab.parts.features.raw import Raw
from genlab.run import score


class Shifted(Sampler):
    """Draws from N(shift, std^2)."""

    def __init__(self, shift: float, std: float) -> None:
        self.shift, self.std = shift, std

    def draw(self, model, num_draws, *, generator, trajectory=False):
        return Draws(self.shift + self.std * torch.randn((num_draws, 1), generator=generator))


class Remembering(Sampler):
    """Draws the first training observations again and again."""

    def __init__(self, x: torch.Tensor) -> None:
        self.x = x

    def draw(self, model, num_draws, *, generator, trajectory=False):
        return Draws(self.x[torch.randint(len(self.x), (num_draws,), generator=generator)])


def fitted(sampler=None, *, sizes=(800, 50, 700), features=Raw):
    """Return the toy with standardized features, so that its data are N(0, 1) but for the training data's spread."""
    settings = EvalSettings(features=Part(features))
    data = ToySource(sizes=sizes).load()
    return replace(toy_assembly(), data=data, sampler=sampler or ToySampler(), eval=settings)


def test_the_frechet_distance_of_normal_draws_is_the_one_in_closed_form():
    found = score(fitted(Shifted(2.0, 3.0), sizes=(4_000, 50, 4_000)), 4_000)
    expected = (2.0**2 + (3.0 - math.sqrt(2)) ** 2) / 2
    assert found.metrics["frechet_distance_raw"] == pytest.approx(expected, rel=0.1)
    assert found.baseline["frechet_distance_raw"] < 0.01


def test_the_right_draws_score_as_the_training_data_do():
    found = score(fitted(), 700)
    for share in ("precision_raw_k3", "recall_raw_k3", "density_raw_k3", "coverage_raw_k3"):
        assert found.metrics[share] == pytest.approx(found.baseline[share], abs=0.1)
        assert found.metrics[share] > 0.75
    assert abs(found.metrics["kernel_distance_raw"]) < 5 * found.metrics["kernel_distance_raw_se"]
    assert found.metrics["copying_raw"] == pytest.approx(0.5, abs=0.06)


def test_a_memorized_training_set_is_found():
    assembly = fitted()
    (batch,) = assembly.data.train.batches([torch.arange(600)], torch.Generator())
    found = score(replace(assembly, sampler=Remembering(batch.x)), 700)
    assert found.metrics["copying_raw"] == 1
    assert found.metrics["precision_raw_k3"] > 0.95


def test_draws_of_one_half_are_precise_and_lack_recall():
    class Half(Sampler):
        def draw(self, model, num_draws, *, generator, trajectory=False):
            return Draws(torch.randn((num_draws, 1), generator=generator).abs() * math.sqrt(2))

    found = score(fitted(Half()), 700)
    assert found.metrics["precision_raw_k3"] > 0.95
    assert found.metrics["recall_raw_k3"] < 0.6
    assert found.metrics["coverage_raw_k3"] < 0.6


def test_the_sizes_are_what_is_asked_for_as_far_as_there_are_data():
    found = score(fitted(sizes=(30, 10, 20)), 25)
    assert (found.num_draws, found.num_reference, found.num_baseline) == (25, 20, 25)
    assert "25 draws of ToySampler and 25 training observations, each against 20 of the test split" in found.protocol
    assert score(fitted(sizes=(30, 10, 20))).num_draws == 30


def test_half_of_the_training_data_can_be_the_reference_and_then_no_copy_is_looked_for():
    found = score(fitted(sizes=(30, 0, 0)), 100, split="train")
    assert (found.num_draws, found.num_reference, found.num_baseline) == (100, 15, 15)
    assert not any(name.startswith("copying") for name in found.metrics)
    assert found.baseline["frechet_distance_raw"] > 0


def test_the_same_seed_scores_the_same_and_another_does_not():
    assembly = fitted(sizes=(60, 0, 60))
    one, same, other = (score(assembly, 50, seed=seed).metrics for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_principal_components_are_compared_where_the_recipe_names_no_features():
    assembly = replace(fitted(sizes=(30, 10, 20)), eval=EvalSettings())
    assert "frechet_distance_pca1" in score(assembly, 25).metrics
    assert score(assembly, 25).metrics == score(fitted(sizes=(30, 10, 20), features=PCA), 25).metrics


def test_draws_are_made_with_the_averaged_weights():
    seen = []

    class Looking(ToySampler):
        def draw(self, model, num_draws, *, generator, trajectory=False):
            seen.append(family.slope.item())
            return super().draw(model, num_draws, generator=generator)

    assembly = toy_assembly(ema=0.5)
    family = assembly.family
    assembly = replace(assembly, sampler=Looking(), eval=EvalSettings(features=Part(Raw)))
    family.slope.data.fill_(9.0)
    score(assembly, 10)
    assert seen == [pytest.approx(0.1)]
    assert family.slope.item() == 9.0


def test_draws_that_are_not_finite_are_an_error():
    with pytest.raises(NonFiniteError, match="must be finite"):
        score(fitted(Shifted(math.nan, 1.0)), 10)


def test_what_cannot_be_scored_is_an_error():
    with pytest.raises(DataError, match="at least 4 draws, got 3"):
        score(fitted(), 3)
    with pytest.raises(DataError, match="at least 4 test observations, got 3"):
        score(fitted(sizes=(30, 10, 3)), 10)
    with pytest.raises(DataError, match="must not be empty"):
        score(fitted(sizes=(30, 0, 20)), 10, split="validation")
    with pytest.raises(UsageError, match="split must be"):
        score(fitted(), 10, split="tset")
    with pytest.raises(UsageError, match=r"Add a \[sampler\] table"):
        score(replace(fitted(), sampler=None), 10)
