"""One value against one type: pydantic decides, the message is in genlab's words.

A value is checked as JSON in strict mode: a list fills a tuple, a whole number fills a float, a string fills a
path, and nothing else is converted.
"""

import functools
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pydantic
from pydantic import TypeAdapter
from pydantic_core import ErrorDetails

from genlab.errors import ComponentError
from genlab.spelling import did_you_mean

_RULES: Mapping[str, str] = {
    "int_type": "be a whole number",
    "int_from_float": "be a whole number",
    "float_type": "be a number",
    "finite_number": "be finite",
    "bool_type": "be true or false",
    "string_type": "be a string",
    "path_type": "be a path",
    "list_type": "be a list",
    "tuple_type": "be a list",
    "set_type": "be a list",
    "dict_type": "be a table",
    "none_required": "be absent",
    "greater_than_equal": "be at least {ge}",
    "greater_than": "be greater than {gt}",
    "less_than_equal": "be at most {le}",
    "less_than": "be less than {lt}",
    "multiple_of": "be a multiple of {multiple_of}",
    "literal_error": "be {expected}",
    "enum": "be {expected}",
    "too_short": "have at least {min_length} items",
    "too_long": "have at most {max_length} items",
    "string_too_short": "have at least {min_length} characters",
    "string_too_long": "have at most {max_length} characters",
    "string_pattern_mismatch": "match {pattern}",
}


class InvalidValueError(Exception):
    """A value does not fit a key's type. The message says what is wrong; it never leaves this package."""


def checked_value(value: Any, annotation: Any, folder: Path) -> Any:
    """Return a TOML value as the type an annotation asks for.

    Args:
        value: what tomllib gave.
        annotation: the key's type, constraints included.
        folder: what a relative path is relative to.

    Raises:
        InvalidValueError: when it does not fit.
        ComponentError: when the annotation is no type a recipe can fill.
    """
    try:
        checked = _adapter(annotation).validate_json(json.dumps(value, default=str), strict=True)
    except pydantic.ValidationError as error:
        raise InvalidValueError(_message(error.errors(include_url=False))) from None
    except (TypeError, pydantic.errors.PydanticUserError) as error:
        raise ComponentError(f"a key must have a type that TOML can fill, got {annotation!r}.") from error
    return mapped(checked, lambda item: absolute(item, folder) if isinstance(item, Path) else item)


def mapped(value: Any, function: Callable[[Any], Any]) -> Any:
    """Return a value with a function applied to every scalar inside its lists and tables."""
    if isinstance(value, Mapping):
        return {name: mapped(item, function) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(mapped(item, function) for item in value)
    return function(value)


def absolute(path: Path, folder: Path) -> Path:
    """Return a path without `~` and `..`, taken relative to a folder."""
    return Path(os.path.abspath(folder / path.expanduser()))


def shown(value: Any) -> str:
    """Return a value as a recipe would write it.

    >>> shown([1, "a", True])
    "[1, 'a', true]"
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {shown(item)}" for name, item in value.items()) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    return repr(value) if isinstance(value, str | int | float) else str(value)


@functools.cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation, config=pydantic.ConfigDict(allow_inf_nan=False))


def _message(errors: list[ErrorDetails]) -> str:
    """Return "must RULE, got VALUE." for one value; the alternatives of a union are joined by "or"."""
    missing = [error for error in errors if error["type"] == "missing"]
    if missing:  # a list of fixed length: the errors name the items that are not there
        length = 1 + max(index for error in missing for index in _indices(error))
        return f"must have {length} items, got {shown(missing[0]['input'])}."
    deepest = max(len(_indices(error)) for error in errors)
    telling = [error for error in errors if len(_indices(error)) == deepest]
    rules = list(dict.fromkeys(_rule(error) for error in telling))
    where = " of ".join(f"item {index + 1}" for index in reversed(_indices(telling[0])))
    value = telling[0]["input"]
    choices = [choice for error in telling for choice in _choices(error)]
    hint = did_you_mean(value, choices) if isinstance(value, str) else ""
    rule = " or ".join([rules[0], *(rule.removeprefix("be ") for rule in rules[1:])])
    return f"{where} must {rule}, got {shown(value)}.{hint}".lstrip()


def _indices(error: ErrorDetails) -> tuple[int, ...]:
    return tuple(index for index in error["loc"] if isinstance(index, int))


def _rule(error: ErrorDetails) -> str:
    context = {name: plain_number(value) for name, value in error.get("ctx", {}).items()}
    if error["type"] == "value_error":
        return f"be valid ({context['error']})"
    rule = _RULES.get(error["type"])
    if rule is None:
        return f"fit its type ({error['msg']})"
    return re.sub(r"\b1 (item|character)s\b", r"1 \1", rule.format(**context))


def _choices(error: ErrorDetails) -> list[str]:
    expected = str(error.get("ctx", {}).get("expected", ""))
    return [word for word in expected.split("'") if word not in ("", ", ", " or ")]


def plain_number(value: Any) -> Any:
    """Return 0 for 0.0: a bound reads as it is written in a recipe."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
