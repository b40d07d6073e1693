from typing import Any

import pytest

from genlab.errors import UsageError
from genlab.recipe.overrides import read_choices, read_overrides


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50", 50),
        ("2e-4", 2e-4),
        ("5_000", 5000),
        ("true", True),
        ("ddim", "ddim"),
        ("'50'", "50"),
        ("[32, 64]", [32, 64]),
        ("{ use = 'unet' }", {"use": "unet"}),
        ("/tmp/data", "/tmp/data"),
        ("other:ddim", "other:ddim"),
        ("a=b", "a=b"),
        ("5 # steps", 5),
        ("run#1", "run#1"),
        ("1\nother = 2", "1\nother = 2"),
    ],
)
def test_a_value_is_toml_and_otherwise_a_string(text: str, value: Any) -> None:
    assert read_overrides([f"sampler.x={text}"]).tables == {"sampler": {"x": value}}


def test_dotted_and_quoted_names_reach_nested_tables() -> None:
    assert read_overrides(["model.network.'odd key' = 1"]).tables == {"model": {"network": {"odd key": 1}}}


def test_a_later_override_wins() -> None:
    assert read_overrides(["a.b=1", "a.b=2", "a.c=3"]).tables == {"a": {"b": 2, "c": 3}}


def test_an_override_is_its_own_origin() -> None:
    assert read_overrides(["a.b=1"]).origins[("a", "b")].label == "-s a.b=1"


@pytest.mark.parametrize("text", ["steps", "=5", "a.b=", "a..b=1", "a b=1", "a.=1", "[a]=1", "a#=1", "a\nb=1", " = 1"])
def test_a_malformed_override_is_a_usage_error_that_quotes_it(text: str) -> None:
    with pytest.raises(UsageError, match="-s ") as raised:
        read_overrides([text])
    assert text in str(raised.value) or repr(text) in str(raised.value)


@pytest.mark.parametrize("value", ["[1, 2", "{ use = 1", "'open", '"open'])
def test_a_value_that_begins_like_toml_must_be_toml(value: str) -> None:
    with pytest.raises(UsageError, match="must have a TOML value or a bare word"):
        read_overrides([f"a.b={value}"])


def test_a_value_cannot_also_be_a_table() -> None:
    with pytest.raises(UsageError, match=r"-s a.b=2 must set a key of a table, but another -s makes 'a' a value"):
        read_overrides(["a=1", "a.b=2"])


def test_choices_are_the_values_of_one_key() -> None:
    assert read_choices("sampler.steps = 5, 10") == (("sampler", "steps"), (5, 10))
    assert read_choices("sampler.use=ddim,dpm-solver") == (("sampler", "use"), ("ddim", "dpm-solver"))
    assert read_choices("a.classes=[[1, 2], [3]]") == (("a", "classes"), ([1, 2], [3]))
    assert read_choices("a.eta=0.5") == (("a", "eta"), (0.5,))


@pytest.mark.parametrize("text", ["steps", "a.b=", "=1,2", "a.b=1,,2", "a.b=1,1", "a.b=[]", "a..b=1", "a.b=[1,"])
def test_malformed_choices_are_a_usage_error_that_quotes_them(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--each ") as raised:
        read_choices(text)
    assert text in str(raised.value)
