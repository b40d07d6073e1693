from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Len, MultipleOf

from genlab.errors import ComponentError
from genlab.interfaces.constraints import Decay, PositiveFloat, PositiveInt, UnitFloat
from genlab.recipe.values import InvalidValueError, checked_value

HERE = Path("/recipes")


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        (3, int, 3),
        (3, float, 3.0),
        (3, PositiveInt | None, 3),
        ([1, 2], tuple[int, ...], (1, 2)),
        ([[1, 2.5]], tuple[tuple[float, ...], ...], ((1.0, 2.5),)),
        (["a"], list[str], ["a"]),
        ("a", Literal["a", "b"], "a"),
        ("all", PositiveInt | Literal["all"], "all"),
        ({"betas": [0.9]}, dict[str, Any], {"betas": [0.9]}),
        ("data", Path, Path("/recipes/data")),
        ("../data", Path | None, Path("/data")),
        ("/data", Path, Path("/data")),
        (["a", "/b"], tuple[Path, ...], (Path("/recipes/a"), Path("/b"))),
        ("data", str, "data"),
    ],
)
def test_a_value_becomes_what_the_constructor_takes(value: Any, annotation: Any, expected: Any) -> None:
    checked = checked_value(value, annotation, HERE)
    assert checked == expected
    assert type(checked) is type(expected)


def test_a_path_may_begin_at_home() -> None:
    assert checked_value("~/data", Path, HERE) == Path.home() / "data"


@pytest.mark.parametrize(
    ("value", "annotation", "message"),
    [
        ("5", int, "must be a whole number, got '5'."),
        (5.0, int, "must be a whole number, got 5.0."),
        (True, int, "must be a whole number, got true."),
        ("x", float, "must be a number, got 'x'."),
        (1, bool, "must be true or false, got 1."),
        (3, str, "must be a string, got 3."),
        (3, Path, "must be a string, got 3."),
        (3, tuple[int, ...], "must be a list, got 3."),
        (3, dict[str, int], "must be a table, got 3."),
        ({"a": 1}, int, "must be a whole number, got { a = 1 }."),
        (0, PositiveInt, "must be at least 1, got 0."),
        (0, PositiveFloat | None, "must be greater than 0, got 0."),
        (1.5, UnitFloat, "must be at most 1, got 1.5."),
        (1, Decay, "must be less than 1, got 1."),
        (float("nan"), PositiveFloat, "must be finite, got nan."),
        (float("inf"), float, "must be finite, got inf."),
        (3, Annotated[int, MultipleOf(2)], "must be a multiple of 2, got 3."),
        ([], Annotated[tuple[int, ...], Len(1)], "must have at least 1 item, got []."),
        ([1, 2, 3], tuple[int, int], "must have at most 2 items, got [1, 2, 3]."),
        ([1], tuple[int, int, int], "must have 3 items, got [1]."),
        ([4, 0], tuple[PositiveInt, ...], "item 2 must be at least 1, got 0."),
        ([[1, "a"]], tuple[tuple[int, ...], ...], "item 2 of item 1 must be a whole number, got 'a'."),
        ("cosin", Literal["linear", "cosine"], "must be 'linear' or 'cosine', got 'cosin'. Did you mean 'cosine'?"),
        ("some", PositiveInt | Literal["all"], "must be a whole number or 'all', got 'some'."),
    ],
)
def test_a_wrong_value_is_explained(value: Any, annotation: Any, message: str) -> None:
    with pytest.raises(InvalidValueError) as raised:
        checked_value(value, annotation, HERE)
    assert str(raised.value) == message


@pytest.mark.parametrize("annotation", [object(), Annotated[str, MultipleOf(2)], InvalidValueError])
def test_a_type_that_toml_cannot_fill_is_the_component_s_fault(annotation: Any) -> None:
    with pytest.raises(ComponentError, match="a key must have a type that TOML can fill"):
        checked_value("3", annotation, HERE)
