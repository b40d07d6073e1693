"""The JSON Schema of recipes: it accepts what `check` accepts, and finds the faults an editor can find."""

import copy
import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import pytest
from annotated_types import Ge
from jsonschema import Draft7Validator
from markdown_page import ROOT
from recipe_toys import Linear, NamesakePlugin, Schedule, toy_registry, toy_tables

from genlab.discovery import discover
from genlab.errors import GenlabError
from genlab.interfaces import Part
from genlab.interfaces.constraints import Candidates
from genlab.recipe import Recipe, check, recipe_schema
from genlab.recipe.component_schema import Definitions
from genlab.recipe.value_schema import value_schema

RECIPES = sorted((ROOT / "recipes").glob("*.toml"))


@pytest.fixture(scope="module")
def installed() -> Draft7Validator:
    """The schema of what is installed, itself valid and as a file would hold it."""
    schema = json.loads(json.dumps(recipe_schema(discover()), allow_nan=False))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


@pytest.fixture(scope="module")
def toys() -> Draft7Validator:
    return Draft7Validator(recipe_schema(toy_registry(**{"toys:namesake": NamesakePlugin()})))


def faults(validator: Draft7Validator, tables: dict[str, Any]) -> list[str]:
    """Return every fault as `table.key: message`, the branches of alternatives included."""
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(tables)]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_that_ships_is_valid(recipe: Path, installed: Draft7Validator) -> None:
    assert faults(installed, tomllib.loads(recipe.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_a_resolved_recipe_is_valid_too(recipe: Path, installed: Draft7Validator) -> None:
    tables = tomllib.loads(recipe.read_text(encoding="utf-8"))
    if "extends" not in tables:
        checked = check(Recipe.from_tables(tables, folder=recipe.parent), discover())
        assert faults(installed, dict(checked.resolved)) == []


WRONG = {
    "an unknown table": ({"modle": {}}, "'modle' was unexpected"),
    "a missing table": ({"data": None}, "'data' is a required property"),
    "a missing name": ({"name": None}, "'name' is a required property"),
    "a name that is no folder": ({"name": "a/b"}, "name: 'a/b' does not match"),
    "a negative seed": ({"seed": -1}, "seed: -1 is less than the minimum of 0"),
    "an unknown component": ({"elbo": {"use": "trase"}}, "elbo.use: 'trase' is not one of ['trace', 'closed'"),
    "a table without a component": ({"elbo": {"samples": 3}}, "elbo: 'use' is a required property"),
    "an unknown key": (
        {"elbo": {"use": "trace", "smples": 3}},
        "elbo: Additional properties are not allowed ('smples'",
    ),
    "a value out of bounds": (
        {"elbo": {"use": "trace", "samples": 0}},
        "elbo.samples: 0 is less than the minimum of 1",
    ),
    "a value of another type": (
        {"elbo": {"use": "trace", "samples": "3"}},
        "elbo.samples: '3' is not of type 'integer'",
    ),
    "a table that is none": ({"model": "layered"}, "model: 'layered' is not of type 'object'"),
    "an unknown setting": (
        {"train": {"steps": 1, "stpes": 2}},
        "train: Additional properties are not allowed ('stpes'",
    ),
    "a missing setting": ({"train": {}}, "train: 'steps' is a required property"),
    "a nested part that is missing": ({"model": {"use": "layered"}}, "model: 'network' is a required property"),
    "a nested part without a name": (
        {"model": {"use": "layered", "network": {}}},
        "model.network: 'use' is a required",
    ),
    "an unknown key of a nested part": (
        {"model": {"use": "layered", "network": {"use": "dense", "chanels": [1]}}},
        "model.network: Additional properties are not allowed ('chanels'",
    ),
    "a key of another component than the default": (
        {"model": {"use": "layered", "network": {"use": "dense"}, "schedule": {"first": 0.1}}},
        "model.schedule: Additional properties are not allowed ('first'",
    ),
    "a missing key of a nested part": (
        {"model": {"use": "layered", "network": {"use": "dense"}, "schedule": {"use": "linear"}}},
        "model.schedule: 'first' is a required property",
    ),
    "a part of another interface": (
        {"model": {"use": "layered", "network": {"use": "dense"}, "schedule": {"use": "no-schedule"}}},
        "model.schedule.use: 'no-schedule' is not one of",
    ),
    "an estimator that evaluates": ({"eval": {"elbo": {"use": "trace", "x": 1}}}, "eval.elbo: Additional properties"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_a_fault_is_found_where_it_is(toys: Draft7Validator, change: dict[str, Any], message: str) -> None:
    tables = {name: table for name, table in (toy_tables() | change).items() if table is not None}
    assert any(fault.lstrip(": ").startswith(message) or message in fault for fault in faults(toys, tables))
    with pytest.raises(GenlabError):
        check(Recipe.from_tables(tables), toy_registry())


RIGHT: dict[str, dict[str, Any]] = {
    "as it is": {},
    "a default part's keys without its name": {"schedule": {"shift": 0.1}},
    "another part than the default": {"schedule": {"use": "linear", "first": 0.1}},
    "a qualified name": {"schedule": {"use": "toys:cosine"}},
}


@pytest.mark.parametrize("model", RIGHT.values(), ids=RIGHT)
def test_what_check_accepts_is_valid(toys: Draft7Validator, model: dict[str, Any]) -> None:
    tables = toy_tables(model={"use": "layered", "network": {"use": "dense"}, **model})
    assert check(Recipe.from_tables(tables), toy_registry())
    assert faults(toys, tables) == []


class Owner:
    """Has a part whose default gives a key that has no default of its own."""

    def __init__(self, *, schedule: Part[Schedule] = Part(Linear, {"first": 0.1})) -> None: ...


def test_what_a_default_part_gives_need_not_be_given_again() -> None:
    definitions = Definitions(toy_registry())
    definitions.table("owner", Owner)
    whole = [{"$ref": "#/definitions/owner"}, {"$ref": "#/definitions/complete.owner"}]
    validator = Draft7Validator({"allOf": whole, "definitions": definitions.made})
    assert faults(validator, {"schedule": {"last": 0.5}}) == []
    assert faults(validator, {"schedule": {"use": "linear", "last": 0.5}}) == [
        "schedule: 'first' is a required property"
    ]


def test_an_accelerator_may_leave_out_its_name(toys: Draft7Validator) -> None:
    assert faults(toys, toy_tables(accelerator={"precision": "float32"})) == []
    assert "accelerator" in faults(toys, toy_tables(accelerator={"threads": 2}))[0]


def test_a_recipe_that_extends_another_may_be_partial_but_not_wrong(toys: Draft7Validator) -> None:
    assert faults(toys, {"extends": "base.toml"}) == []
    partial = {"extends": "base.toml", "model": {"network": {"channels": [3]}}, "train": {"log_every": 5}}
    assert faults(toys, partial) == []
    wrong = copy.deepcopy(partial)
    wrong["model"]["network"] = {"chanels": [3]}
    assert faults(toys, wrong) == ["model.network: 'chanels' is not one of ['use', 'channels']"]
    assert faults(toys, {"extends": "base.toml", "train": {"log_every": 0}}) != []


def test_a_name_that_several_components_share_takes_the_keys_of_any(toys: Draft7Validator) -> None:
    schema = toys.schema["definitions"]
    shared = [branch for branch in schema["sampler"]["allOf"] if branch["if"].get("properties", {}).get("use")]
    (own,) = (branch for branch in shared if "own" in branch["if"]["properties"]["use"]["enum"])
    assert len(own["then"]["anyOf"]) == 2
    assert faults(toys, toy_tables(sampler={"use": "own"})) == []


def test_a_component_that_cannot_be_imported_takes_any_key(toys: Draft7Validator) -> None:
    assert faults(toys, toy_tables(model={"use": "gone", "anything": 1})) == []


def test_keys_carry_their_documentation_and_defaults(installed: Draft7Validator) -> None:
    definitions = installed.schema["definitions"]
    unet = definitions["network.unet"]["properties"]
    assert unet["channels"]["default"] == [32, 64]
    assert unet["channels"]["description"]
    schedule = definitions["model.ddpm"]["properties"]["schedule"]
    assert schedule["default"] == {"use": "linear"}
    assert definitions["train"]["properties"]["steps"]["description"] == "how many steps of the update rule."


def test_a_slot_lists_its_components_and_all_their_keys_for_completion(installed: Draft7Validator) -> None:
    slot = installed.schema["definitions"]["elbo"]
    use = slot["properties"]["use"]
    assert use["enum"][0] == "trace"
    assert len(use["x-taplo"]["docs"]["enumValues"]) == len(use["enum"])
    assert {"samples", "gradient", "objective"} <= set(slot["properties"])


@pytest.mark.parametrize(
    ("annotation", "right", "wrong"),
    [
        (tuple[int, int], [[1, 2]], [[1], [1, 2, 3], ["a", 1]]),
        (tuple[Annotated[int, Ge(1)], ...], [[], [1, 2, 3]], [[0], 1]),
        (Annotated[int, Ge(1)] | None, [1], [0, None]),
        (float | tuple[float, ...], [1.5, 1, [1.0]], ["1", ["a"]]),
        (Path | None, ["a/b"], [1]),
        (Annotated[int, Ge(1), Candidates()], [1, [1, 2], {"from": 1, "to": 6}], [0, [], [0], [2, 2], {"from": 1}]),
        (Annotated[float, Candidates()], [1.0, [1.0, 2.0]], [{"from": 1.0, "to": 2.0}]),
    ],
)
def test_a_type_accepts_its_values_alone(annotation: Any, right: list[Any], wrong: list[Any]) -> None:
    validator = Draft7Validator(value_schema(annotation))
    assert [value for value in right if not validator.is_valid(value)] == []
    assert [value for value in wrong if validator.is_valid(value)] == []
