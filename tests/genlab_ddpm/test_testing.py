"""The laws of a diffusion's own parts catch faults, each by the check that one would expect."""

from collections.abc import Iterable

import genlab_ddpm.plugin
import pytest
from reference_recipes import reference_registry
from testing.wrong_components.ddpm_parts import SAMPLERS

from genlab.plugin import Component, hookimpl
from genlab.recipe import Recipe
from genlab.testing import run_checks

FAULTS = [
    ("schedule", "SinglePrecision", "betas_are_variances_of_a_chain"),
    ("schedule", "OneTooFew", "betas_are_variances_of_a_chain"),
    ("schedule", "NoNoise", "betas_are_variances_of_a_chain"),
    ("schedule", "NoNoise", "signal_falls_at_every_step"),
    ("network", "Timeless", "network_knows_the_timestep"),
    ("network", "WholeTimesteps", "network_knows_what_lies_between_timesteps"),
    ("network", "OneOutput", "network_gives_what_it_was_asked_for"),
    ("network", "GlobalDropout", "network_draws_from_its_generator_alone"),
    ("objective", "Negative", "weights_are_finite_and_not_negative"),
]
RIGHT = {"schedule": "linear", "network": "unet", "objective": "simple"}


class Faults:
    @hookimpl
    def genlab_components(self) -> Iterable[Component]:
        for slot, name in dict.fromkeys((slot, name) for slot, name, _ in FAULTS):
            yield Component(slot, name.lower(), f"testing.wrong_components.ddpm_parts:{name}", "a fault")
        for name, _, _ in SAMPLERS:
            yield Component("sampler", name.lower(), f"testing.wrong_components.ddpm_parts:{name}", "a fault")


def recipe(**parts: str) -> Recipe:
    used = {slot: {"use": name} for slot, name in (RIGHT | parts).items()}
    network = used["network"] | {"channels": [4], "blocks": 1}
    return Recipe.from_tables(
        {
            "name": "faulty",
            "data": {"use": "random-levels", "shape": [1, 1, 2], "levels": 3},
            "model": {"use": "ddpm", "timesteps": 3, "schedule": used["schedule"], "network": network},
            "family": {"use": "forward-diffusion"},
            "elbo": {"use": "denoising", "objective": used["objective"]},
            "update": {"use": "gradient"},
            "train": {"steps": 1},
            "accelerator": {"use": "cpu", "precision": "float32"},
        }
    )


@pytest.mark.parametrize(("slot", "name", "check"), FAULTS)
@pytest.mark.filterwarnings("ignore:model 'ddpm':genlab.errors.GenlabWarning")
def test_a_fault_is_caught_and_its_correct_twin_is_not(slot: str, name: str, check: str) -> None:
    # The kit asks the part itself, so that a fault too gross for a model is caught too.
    registry = reference_registry(ddpm=genlab_ddpm.plugin, faults=Faults())
    wrong, right = (
        run_checks(registry=registry, recipes=[one], only=[check]) for one in (recipe(**{slot: name.lower()}), recipe())
    )
    assert [result.outcome for result in wrong.results if result.component.startswith(slot)] == ["failed"]
    assert [result.outcome for result in right.results if result.component.startswith(slot)] == ["passed"]


@pytest.mark.parametrize(("name", "twin", "check"), SAMPLERS)
@pytest.mark.filterwarnings("ignore:model 'ddpm':genlab.errors.GenlabWarning")
def test_a_sampler_s_fault_is_caught_and_its_correct_twin_is_not(name: str, twin: str, check: str) -> None:
    registry = reference_registry(ddpm=genlab_ddpm.plugin, faults=Faults())

    def outcomes(sampler: str) -> list[str]:
        tables = dict(recipe().tables)
        tables["data"] = {"use": "random-reals", "shape": [1, 1, 1]}
        tables["model"] = {**tables["model"], "timesteps": 24}
        tables["sampler"] = {"use": sampler, "steps": 6}
        if check == "labels_are_classes_of_the_data":
            tables["data"] = {"use": "random-levels", "shape": [1, 1, 2], "levels": 3, "classes": 2}
            tables["model"]["class_conditional"] = True
            tables["sampler"]["guidance"] = {"use": "classifier-free"}
        report = run_checks(registry=registry, recipes=[Recipe.from_tables(tables)], only=[check])
        return [result.outcome for result in report.results]

    assert outcomes(name.lower()) == ["failed"]
    assert outcomes(twin) == ["passed"]
