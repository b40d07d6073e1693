"""The laws of a VAE's own parts catch faults, each by the check that one would expect."""

from collections.abc import Iterable
from typing import Any

import genlab_vae.plugin
import pytest
from reference_recipes import reference_registry

from genlab.plugin import Component, hookimpl
from genlab.recipe import Recipe
from genlab.testing import run_checks

BINARY = {"use": "random-levels", "shape": [2], "levels": 2}
REAL = {"use": "random-reals", "shape": [2]}
FAULTS = [
    ("likelihood", "DroppedConstant", REAL, "all_x_have_probability_one_given_an_output"),
    ("likelihood", "TooWide", REAL, "likelihood_draws_what_it_says"),
    ("likelihood", "GlobalGenerator", REAL, "likelihood_draws_what_it_says"),
    ("likelihood", "WrongMean", BINARY, "likelihood_draws_what_it_says"),
    ("likelihood", "SummedOverDraws", BINARY, "likelihood_gives_one_number_for_each_output"),
    ("prior", "DroppedPriorConstant", REAL, "all_z_have_prior_probability_one"),
    ("prior", "TooWidePrior", REAL, "prior_draws_what_it_says"),
    ("flow", "ForgottenDeterminant", REAL, "flow_is_undone_and_knows_its_determinant"),
    ("flow", "InverseDeterminant", REAL, "flow_is_undone_and_knows_its_determinant"),
    ("encoder", "CenteredEncoder", REAL, "encoder_gives_the_numbers_asked_for"),
    ("decoder", "FlatDecoder", REAL, "decoder_gives_the_shape_asked_for"),
    ("objective", "FallingCost", REAL, "the_divergence_has_a_cost"),
    ("objective", "UnnamedBeta", REAL, "the_divergence_has_a_cost"),
    ("objective", "CoolingDown", REAL, "outside_training_the_cost_is_that_of_its_end"),
    ("gradient", "LighterWeights", REAL, "a_gradient_leaves_the_weights_as_they_are"),
    ("gradient", "FrozenEncoder", REAL, "the_mean_gradient_is_that_of_the_bound"),
]

RIGHT = {"gradient": {"gradient": "doubly-reparameterized"}}


class Faults:
    @hookimpl
    def genlab_components(self) -> Iterable[Component]:
        for slot, name, _, _ in dict.fromkeys((slot, name, "", "") for slot, name, _, _ in FAULTS):
            yield Component(slot, name.lower(), f"testing.wrong_components.vae_parts:{name}", "a fault")


def recipe(data: dict[str, Any], **parts: str) -> Recipe:
    likelihood = parts.get("likelihood", "bernoulli" if data is BINARY else "gaussian")
    networks = {name: {"use": parts.get(name, "mlp"), "hidden": [3]} for name in ("encoder", "decoder")}
    model = {"use": "vae", "latent_dim": 1, "likelihood": {"use": likelihood}, "decoder": networks["decoder"]}
    family = {"use": "normalizing-flow", "encoder": networks["encoder"]}
    model["prior"] = {"use": parts.get("prior", "standard-normal")}
    family["flow"] = {"use": parts.get("flow", "inverse-autoregressive"), "hidden": [3]}
    return Recipe.from_tables(
        {
            "name": "faulty",
            "data": data,
            "model": model,
            "family": family,
            "elbo": _elbo(parts),
            "update": {"use": "gradient"},
            "train": {"steps": 1},
            "accelerator": {"use": "cpu", "precision": "float32"},
        }
    )


def _elbo(parts: dict[str, str]) -> dict[str, Any]:
    if "gradient" in parts:
        return {"use": "importance-weighted", "samples": 2, "gradient": {"use": parts["gradient"]}}
    return {"use": "reparameterized", "objective": {"use": parts.get("objective", "bound")}}


@pytest.mark.parametrize(("slot", "name", "data", "check"), FAULTS)
def test_a_fault_is_caught_and_its_correct_twin_is_not(slot: str, name: str, data: dict[str, Any], check: str) -> None:
    registry = reference_registry(vae=genlab_vae.plugin, faults=Faults())
    wrong, right = (
        run_checks(registry=registry, recipes=[one], only=[check])
        for one in (recipe(data, **{slot: name.lower()}), recipe(data, **RIGHT.get(slot, {})))
    )
    assert [result.outcome for result in wrong.results if result.component.startswith(slot)] == ["failed"]
    assert [result.outcome for result in right.results if result.component.startswith(slot)] == ["passed"]
