from typing import Any

import pytest
from recipe_toys import toy_registry, toy_tables

from genlab.errors import RecipeError
from genlab.recipe import Recipe, check


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
