"""Every combination of what a diffusion can be made of trains, all of it, or is refused before it runs."""

import itertools
from typing import Any

import pytest
from genlab_ddpm.model import DDPM

from genlab.assembly import Assembly, assemble
from genlab.discovery import discover
from genlab.errors import IncompatibleError, RecipeError
from genlab.recipe import CheckedRecipe, Recipe, check
from genlab.run import TrainingState
from genlab.testing.kit import with_the_kit

REGISTRY = with_the_kit(discover())
SCHEDULES = ("linear", "cosine", "sigmoid", "scaled-linear", "learned")
VARIANCES = ("fixed-small", "fixed-large", "learned-range")
PREDICTIONS = ("eps", "x_0", "v")
ELBOS: dict[str, dict[str, Any]] = {
    **{name: {"use": "denoising", "objective": {"use": name}} for name in ("simple", "bound", "hybrid", "min-snr")},
    "continuous-time": {"use": "continuous-time"},
    "trace": {"use": "trace"},
    "probability-flow": {"use": "probability-flow", "steps": 2},
}


def recipe(**changes: dict[str, Any]) -> Recipe:
    tables: dict[str, Any] = {
        "name": "combination",
        "data": {"use": "random-reals", "shape": [1, 1, 2], "num_train": 8, "batch_size": 4},
        "model": {
            "use": "ddpm",
            "timesteps": 4,
            "schedule": {"use": "linear"},
            "network": {"use": "dit", "dim": 4, "depth": 1, "heads": 1, "patch": 1},
        },
        "family": {"use": "forward-diffusion"},
        "elbo": {"use": "denoising"},
        "update": {"use": "gradient", "lr": 1e-3},
        "train": {"steps": 1},
        "sampler": {"use": "ancestral"},
        "accelerator": {"use": "cpu", "precision": "float32"},
    }
    for name, keys in changes.items():
        tables[name] = {**({} if "use" in keys else tables.get(name, {})), **keys}
    return Recipe.from_tables(tables)


def checked(**changes: dict[str, Any]) -> CheckedRecipe:
    return check(recipe(**changes), REGISTRY)


def faults(**changes: dict[str, Any]) -> list[str]:
    with pytest.raises(RecipeError) as raised:
        checked(**changes)
    return [str(fault).removeprefix("recipe: ") for fault in raised.value.faults]


def refused(elbo: str, schedule: str, variance: str) -> bool:
    """Whether something would be learned that nothing trains, or trained that is not learned."""
    if elbo == "probability-flow":
        return True
    if schedule == "learned" and elbo in ("simple", "hybrid", "min-snr"):
        return True
    if variance == "learned-range":
        return elbo in ("simple", "min-snr", "continuous-time")
    return elbo == "hybrid"


def step(recipe: CheckedRecipe) -> Assembly:
    assembly = assemble(recipe, REGISTRY)
    state = TrainingState(assembly)
    assembly.model.train()
    assembly.update.step(state.stream, generator=state.generator)
    return assembly


@pytest.mark.filterwarnings("ignore::genlab.errors.GenlabWarning")  # four timesteps are few
@pytest.mark.parametrize("elbo", ELBOS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_combination_trains_all_that_is_to_be_learned_or_is_refused_before_it_runs(elbo: str, schedule: str) -> None:
    for variance, prediction in itertools.product(VARIANCES, PREDICTIONS):
        keys = {"schedule": {"use": schedule}, "variance": variance, "prediction": prediction}
        if refused(elbo, schedule, variance):
            (fault,) = faults(elbo=ELBOS[elbo], model=keys)
            assert fault.startswith(("elbo.objective: must ", "model.variance: must ", "elbo.use: must "))
            continue
        model = step(checked(elbo=ELBOS[elbo], model=keys)).model
        assert isinstance(model, DDPM)
        moved = [value.grad is not None and bool(value.grad.any()) for value in model.chain.parameters()]
        assert any(moved) == (schedule == "learned")
        (last,) = (value for name, value in model.network.named_parameters() if name.endswith("last.bias"))
        assert last.grad is not None
        assert last.grad.isfinite().all()
        assert last.grad.ne(0).all(), (variance, prediction)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"elbo": {"objective": {"use": "simple"}}, "model": {"variance": "learned-range"}},
            "elbo.objective: must train the variance by the bound where model.variance = 'learned-range', got "
            "'simple'. Use objective 'hybrid' or 'bound', or a fixed variance.",
        ),
        (
            {"elbo": {"objective": {"use": "hybrid"}}},
            "elbo.objective: must have a variance to train by the bound, got 'hybrid' with model.variance = "
            "'fixed-small'. Use objective 'simple', or model.variance = 'learned-range'.",
        ),
        (
            {"model": {"schedule": {"use": "learned"}}},
            "elbo.objective: must train the schedule by the bound where model.schedule learns, got 'simple', which is "
            "smallest where nothing but noise is left. Use objective 'bound', or a schedule that is fixed.",
        ),
        (
            {"elbo": {"use": "continuous-time"}, "model": {"variance": "learned-range"}},
            "model.variance: must be fixed where elbo 'continuous-time' trains, in which it has no say, got "
            "'learned-range'. Use a fixed variance, or elbo 'denoising'.",
        ),
        (
            {"elbo": {"use": "probability-flow", "steps": 2}},
            "elbo.use: must be an estimator that can train, got 'probability-flow', which cannot. Write "
            "elbo = { use = 'probability-flow' } in [eval], and another in [elbo].",
        ),
        ({"elbo": {"timesteps": 5}}, "elbo.timesteps: must be at most model.timesteps = 4, got 5. Lower it."),
        (
            {"eval": {"elbo": {"use": "denoising", "timesteps": 5}}},
            "eval.elbo.timesteps: must be at most model.timesteps = 4, got 5. Lower it.",
        ),
        (
            {"eval": {"elbo": {"use": "probability-flow", "steps": 4}}},
            "eval.elbo.steps: must be below model.timesteps = 4, got 4. Lower it.",
        ),
        (
            {"sampler": {"use": "heun", "steps": 5}},
            "sampler.steps: must be at most model.timesteps = 4, got 5. Lower it.",
        ),
        ({"sampler": {"use": "ddim"}}, "sampler.steps: must be at most model.timesteps = 4, got 50. Lower it."),
        (
            {"sampler": {"use": "ancestral", "guidance": {"use": "classifier-free"}}},
            "sampler.guidance: must have a model that was told classes, got one that was not. Train it with "
            "model.class_conditional = true, or leave guidance out.",
        ),
    ],
)
def test_what_does_not_fit_is_named_with_what_to_write_instead(changes: dict[str, Any], expected: str) -> None:
    assert faults(**changes) == [expected]


def test_what_only_evaluates_may_know_less_than_what_trains() -> None:
    learned = {"variance": "learned-range"}
    evaluation = {"elbo": {"use": "continuous-time"}}
    checked(model=learned, elbo={"objective": {"use": "bound"}}, eval={**evaluation})


def test_parts_put_together_by_hand_are_refused_at_the_first_step() -> None:
    assembly = assemble(checked(), REGISTRY)
    assert isinstance(assembly.model, DDPM)
    assembly.model.variance = "learned-range"
    state = TrainingState(assembly)
    assembly.model.train()
    with pytest.raises(IncompatibleError, match=r"^elbo\.objective must train the variance by the bound"):
        assembly.update.step(state.stream, generator=state.generator)


def test_a_fault_elsewhere_makes_no_other_of_a_part_that_was_given() -> None:
    elbo = {"use": "denoising", "objective": {"use": "bound"}}  # two plugins have a `bound`: which one is not told yet
    found = faults(data={"use": "random-reals", "batch_size": 0}, model={"schedule": {"use": "learned"}}, elbo=elbo)
    assert [fault.split(":")[0] for fault in found] == ["data.batch_size"]
