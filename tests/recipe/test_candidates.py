"""Keys with several values: what a recipe may write, what it stands for, and what is wrong with it."""

from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recipe_toys import toy_registry, toy_tables
from toy import ToyModel

from genlab.assembly import assemble
from genlab.discovery import Registry
from genlab.errors import RecipeError
from genlab.interfaces.constraints import Candidates, PositiveInt
from genlab.plugin import Component, hookimpl
from genlab.recipe import CheckedRecipe, Recipe, check, describe_keys
from genlab.recipe.candidates import candidates_of, restart_seed


class Sized(ToyModel):
    def __init__(self, *, size: Annotated[PositiveInt, Candidates()] = 2, width: PositiveInt = 1) -> None:
        """Make one from a recipe's keys.

        Args:
            size: how large.
            width: how wide.
        """
        super().__init__()
        self.size, self.width = size, width


class Plugin:
    @hookimpl
    def genlab_components(self) -> list[Component]:
        return [Component("model", "sized", f"{__name__}:Sized", "a toy")]


REGISTRY: Registry = toy_registry(sized=Plugin())


def checked(model: dict[str, Any], **changes: Any) -> CheckedRecipe:
    return check(Recipe.from_tables(toy_tables(model={"use": "sized", **model}, **changes)), REGISTRY)


def fault(model: dict[str, Any]) -> str:
    with pytest.raises(RecipeError) as raised:
        checked(model)
    return str(raised.value).splitlines()[1].removeprefix("  recipe: ")


@pytest.mark.parametrize("written", [[2, 3, 4], {"from": 2, "to": 4}])
def test_a_list_and_a_range_give_a_key_several_values(written: Any) -> None:
    recipe = checked({"size": written})
    assert recipe.candidates == {("model", "size"): (2, 3, 4)}
    assert recipe.resolved["model"]["size"] == [2, 3, 4]
    assert [each.values for each in candidates_of(recipe)] == [{"model.size": size} for size in (2, 3, 4)]
    assert [each.label for each in candidates_of(recipe)] == ["size-2", "size-3", "size-4"]


def test_a_candidate_is_a_plain_recipe_of_its_own() -> None:
    candidate = candidates_of(checked({"size": [2, 3]}, train={"steps": 5, "restarts": 2}))[3]
    plain = check(candidate.recipe, REGISTRY)
    assert (plain.name, plain.candidates, plain.train.restarts) == ("toy-size-3-restart-2", {}, 1)
    assert plain.parts["model"].keys == {"size": 3}
    assert plain.seed == restart_seed(0, 2) != 0


def test_a_recipe_without_candidates_stands_for_itself() -> None:
    (only,) = candidates_of(checked({"size": 3}))
    assert (only.label, only.values, only.restart) == ("", {}, 1)
    assert check(only.recipe, REGISTRY).resolved == checked({"size": 3}).resolved


@settings(max_examples=25)
@given(sizes=st.lists(st.integers(1, 99), min_size=1, max_size=5, unique=True), restarts=st.integers(1, 4))
def test_every_combination_is_a_candidate_with_a_folder_of_its_own(sizes: list[int], restarts: int) -> None:
    candidates = candidates_of(checked({"size": sizes}, train={"steps": 5, "restarts": restarts}))
    assert [(each.values["model.size"], each.restart) for each in candidates] == [
        (size, restart) for size in sizes for restart in range(1, restarts + 1)
    ]
    assert len({each.label for each in candidates}) == len(candidates)


def test_a_long_name_makes_room_for_the_label() -> None:
    candidates = candidates_of(checked({"size": [2, 3]}, name="n" * 100))
    names = [check(each.recipe, REGISTRY).name for each in candidates]
    assert all(len(name) == 100 for name in names)
    assert names[0].endswith("n-size-2")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"size": [2, 0]}, "model.size: candidate 2 must be at least 1, got 0."),
        ({"size": []}, "model.size: must have at least one candidate, got []."),
        ({"size": [2, 3, 2]}, "model.size: must name each candidate once, got 2 twice."),
        ({"size": {"from": 3, "to": 2}}, "model.size: must be a range that rises, got { from = 3, to = 2 }."),
        ({"size": {"from": 3}}, "model.size: must have whole numbers 'from' and 'to' as a range, got { from = 3 }."),
        ({"size": {"from": 1, "too": 2}}, "model.size: must be a range with 'from' and 'to', got the key 'too'. Did"),
        ({"size": {"from": 1, "to": 2000}}, "model.size: must have at most 1000 candidates, got 2000."),
        ({"size": "two"}, "model.size: must be a whole number, got 'two'."),
        ({"width": [2, 3]}, "model.width: must be a whole number, got [2, 3]."),
    ],
)
def test_wrong_candidates_are_explained(model: dict[str, Any], message: str) -> None:
    assert fault(model).startswith(message)


def test_candidates_cannot_be_assembled_together() -> None:
    with pytest.raises(RecipeError, match=r"model.size: must be one value to be assembled, got 2 candidates"):
        assemble(checked({"size": [2, 3]}))


def test_a_key_that_takes_candidates_says_so() -> None:
    assert [key.type for key in describe_keys(Sized)] == ["integer, or candidates", "integer"]
