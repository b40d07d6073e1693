from pathlib import Path
from typing import Any

from recipe_toys import Dense, Layered, Linear, toy_registry

from genlab.interfaces import Part, TrainSettings
from genlab.parts.accelerator.auto import auto
from genlab.parts.update.gradient import Gradient
from genlab.recipe import KeyDescription, describe_keys


def described(target: Any) -> dict[str, KeyDescription]:
    return {key.key: key for key in describe_keys(target)}


def test_a_key_is_described_by_its_type_default_constraint_and_line() -> None:
    key = described(Gradient)["lr"]
    assert tuple(key) == ("lr", "number", "0.001", "greater than 0", "the learning rate after warm-up.")


def test_a_required_key_has_no_default_and_an_optional_one_an_empty_one() -> None:
    assert described(Linear)["first"].default is None
    assert described(Gradient)["ema"].default == ""


def test_a_docstring_s_entry_may_go_on_over_lines() -> None:
    assert described(Dense)["channels"].doc == "the width of each hidden layer."
    assert described(Dense)["channels"].type == "list of integer"
    assert described(Dense)["channels"].constraint == "at least 1"


def test_what_follows_the_args_is_not_part_of_the_last_one() -> None:
    assert described(Gradient)["ema"].doc.endswith("to evaluate and sample with.")


def test_nested_parts_name_their_slot_and_default() -> None:
    keys = described(Layered)
    assert (keys["network"].type, keys["network"].default) == ("network (a part)", None)
    assert keys["schedule"].default == "Cosine, shift = 0.5"


def test_settings_are_described_by_their_attributes() -> None:
    assert described(TrainSettings)["steps"].doc == "how many steps of the update rule."


def test_functions_are_described_by_their_args() -> None:
    assert described(auto)["compile"].doc.startswith("whether networks are compiled with torch.compile, ")
    assert described(auto)["precision"].type == "'float32' or 'bfloat16' or 'auto'"


def test_types_are_in_toml_s_words() -> None:
    def component(
        *,
        pair: tuple[int, int],
        paths: tuple[Path, ...] = (Path("a"),),
        options: dict[str, Any] | None = None,
        either: int | str = "x",
        flag: bool = False,
        part: Part[Any] | None = None,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            pair, paths: two of them.
        """

    keys = described(component)
    assert [key.type for key in keys.values()][:5] == [
        "list of 2 integer",
        "list of path",
        "table",
        "integer or string",
        "boolean",
    ]
    assert keys["pair"].doc == keys["paths"].doc == "two of them."


def test_with_a_registry_a_default_part_has_the_name_a_recipe_gives_it() -> None:
    keys = {key.key: key for key in describe_keys(Layered, toy_registry())}
    assert keys["schedule"].default == "'cosine', shift = 0.5"
