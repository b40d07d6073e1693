from pathlib import Path
from typing import Any

import pytest
from recipe_toys import Closed, toy_registry, toy_tables

from genlab.errors import RecipeError
from genlab.recipe import Recipe, check, read_recipe


def faults(**changes: Any) -> list[str]:
    with pytest.raises(RecipeError) as raised:
        check(Recipe.from_tables(toy_tables(**changes)), toy_registry())
    return [str(fault).removeprefix("recipe: ") for fault in raised.value.faults]


def test_an_injected_partner_of_another_class_is_a_fault_naming_what_fits() -> None:
    assert faults(model={"use": "plain"}, family={"use": "for-layered"}) == [
        "family.use: 'for-layered' needs a model of type Layered, got 'plain' (Plain). Use family.use = 'toy'."
    ]


def test_a_declared_partner_of_another_class_is_a_fault_naming_what_fits() -> None:
    assert faults(model={"use": "plain"}, elbo={"use": "closed"}) == [
        "elbo.use: 'closed' needs a model of type Layered, got 'plain' (Plain). Use elbo.use = 'trace'."
    ]


def test_the_estimator_to_evaluate_with_is_checked_too() -> None:
    (fault,) = faults(model={"use": "plain"}, eval={"elbo": {"use": "closed"}})
    assert fault.startswith("eval.elbo.use: 'closed' needs a model of type Layered, got 'plain' (Plain).")


def test_parts_that_do_not_fit_are_reported_with_the_other_faults() -> None:
    found = faults(model={"use": "plain", "width": 3}, elbo={"use": "closed"}, train={"steps": 0})
    assert [fault.partition(":")[0] for fault in found] == ["model.width", "train.steps", "elbo.use"]


@pytest.mark.parametrize("model", ["undeclared", "some-model"])
def test_a_class_that_is_known_only_once_built_is_not_judged_before(model: str) -> None:
    check(Recipe.from_tables(toy_tables(model={"use": model}, elbo={"use": "closed"})), toy_registry())


def test_keys_of_different_parts_that_do_not_go_together_are_faults_on_the_line_of_the_key(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(
        'name = "toy"\ndata = { use = "points" }\nfamily = { use = "toy" }\nelbo = { use = "picky", depth = 3 }\n'
        'update = { use = "gradient" }\ntrain = { steps = 1 }\neval = { elbo = { use = "picky", depth = 11 } }\n'
        '[model]\nuse = "layered"\nnetwork = { use = "dense" }\n[model.schedule]\nuse = "cosine"\nsteps = 2\n'
    )
    with pytest.raises(RecipeError) as raised:
        check(read_recipe(str(tmp_path / "r.toml")), toy_registry())
    assert [(fault.key, fault.origin.rpartition(":")[2], fault.problem) for fault in raised.value.faults] == [
        ("elbo.depth", "4", "must be at most 2, the steps of 'cosine', got 3."),
        ("eval.elbo.depth", "7", "must be at most 2, the steps of 'cosine', got 11."),
    ]


def test_keys_are_compared_with_the_defaults_of_other_parts() -> None:
    check(Recipe.from_tables(toy_tables(elbo={"use": "picky", "depth": 10})), toy_registry())
    (fault,) = faults(elbo={"use": "picky", "depth": 11})
    assert fault == "elbo.depth: must be at most 10, the steps of 'cosine', got 11."


def test_a_part_beside_one_with_faults_is_not_asked_before_those_are_mended() -> None:
    model = {"use": "layered", "network": {"use": "dense"}, "schedule": {"use": "cosine", "steps": 0}}
    assert [fault.partition(":")[0] for fault in faults(model=model, elbo={"use": "picky", "depth": 11})] == [
        "model.schedule.steps"
    ]
    assert [fault.partition(":")[0] for fault in faults(model={"use": "plain"}, elbo={"use": "picky"})] == ["elbo.use"]


def test_what_only_evaluates_is_refused_for_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Closed, "evaluation_only", True)
    check(Recipe.from_tables(toy_tables(eval={"elbo": {"use": "closed"}})), toy_registry())
    assert faults(elbo={"use": "closed"}) == [
        "elbo.use: must be an estimator that can train, got 'closed', which cannot. Write elbo = { use = 'closed' } in "
        "[eval], and another in [elbo]."
    ]
