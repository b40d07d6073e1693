"""Every combination of what an autoencoder can be made of trains, all of it, or is refused before it runs."""

import itertools
from typing import Any

import pytest

from genlab.assembly import assemble
from genlab.discovery import discover
from genlab.errors import RecipeError
from genlab.recipe import CheckedRecipe, Recipe, check
from genlab.run import TrainingState
from genlab.testing.kit import with_the_kit

REGISTRY = with_the_kit(discover())
PRIORS: tuple[dict[str, Any], ...] = (
    {"use": "standard-normal"},
    {"use": "gaussian-mixture", "components": 2},
    {"use": "vamp", "components": 2},
)
ENCODER = {"use": "mlp", "hidden": [4]}
FAMILIES: tuple[dict[str, Any], ...] = (
    {"use": "diagonal-gaussian"},
    {"use": "full-gaussian"},
    *(
        {"use": "normalizing-flow", "flow": {"use": name, "hidden": [8]}}
        for name in ("coupling", "inverse-autoregressive")
    ),
)
OBJECTIVES: tuple[dict[str, Any], ...] = (
    {"use": "bound"},
    {"use": "beta"},
    {"use": "warm-up", "steps": 2},
    {"use": "free-bits", "nats": 1e-6},
)
GRADIENTS = ("reparameterized", "sticking-the-landing", "doubly-reparameterized")
ELBOS: tuple[dict[str, Any], ...] = (
    *({"use": "reparameterized", "objective": objective} for objective in OBJECTIVES),
    *({"use": "importance-weighted", "samples": 3, "gradient": {"use": gradient}} for gradient in GRADIENTS),
    {"use": "trace"},
)


def checked(elbo: dict[str, Any], prior: dict[str, Any], family: dict[str, Any]) -> CheckedRecipe:
    tables = {
        "name": "combination",
        "data": {"use": "random-levels", "shape": [3], "levels": 2, "num_train": 8, "batch_size": 4},
        "model": {
            "use": "vae",
            "latent_dim": 2,
            "likelihood": {"use": "bernoulli"},
            "decoder": {"use": "mlp", "hidden": [4]},
            "prior": prior,
        },
        "family": {"encoder": ENCODER, **family},
        "elbo": elbo,
        "update": {"use": "gradient", "lr": 1e-2},
        "train": {"steps": 1},
        "accelerator": {"use": "cpu", "precision": "float32"},
    }
    return check(Recipe.from_tables(tables), REGISTRY)


@pytest.mark.parametrize("elbo", ELBOS, ids=lambda elbo: "-".join(str(value) for value in elbo.values()))
def test_a_combination_trains_all_that_is_to_be_learned(elbo: dict[str, Any]) -> None:
    for prior, family in itertools.product(PRIORS, FAMILIES):
        assembly = assemble(checked(elbo, prior, family), REGISTRY)
        state = TrainingState(assembly)
        assembly.model.train()
        for step in range(3):  # a flow starts as the identity, so what lies before its last layer moves a step later
            assembly.elbo.begin_step(step)
            assembly.update.step(state.stream, generator=state.generator)
        for part in (assembly.model, assembly.family):
            for name, value in part.named_parameters():
                assert value.grad is not None, (prior, family, name)
                assert value.grad.isfinite().all(), (prior, family, name)
                assert value.grad.any(), (prior, family, name)


def test_what_only_evaluates_is_refused_where_it_would_train() -> None:
    with pytest.raises(RecipeError, match=r"elbo.use: must be an estimator that can train, got 'annealed-importance"):
        checked({"use": "annealed-importance-sampling"}, PRIORS[0], FAMILIES[0])
