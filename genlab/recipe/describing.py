"""The keys of a component in words, for `genlab components`."""

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from genlab.discovery import Registry
from genlab.errors import ComponentError
from genlab.interfaces.part import Part
from genlab.recipe.signature import REQUIRED, KeySignature, part_interface, signature_of, union_options
from genlab.recipe.values import plain_number, shown

_TYPES: Mapping[Any, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    Path: "path",
    Any: "anything",
}
_BOUNDS: Mapping[str, str] = {
    "ge": "at least {}",
    "gt": "greater than {}",
    "le": "at most {}",
    "lt": "less than {}",
    "multiple_of": "a multiple of {}",
    "min_length": "at least {} items",
    "max_length": "at most {} items",
}
_SECTION = re.compile(r"(Args|Attributes|Returns|Raises|Yields|Reference|References|Note|Example|Examples):$")
_ENTRY = re.compile(r"(\s*)(\w+(?:, \w+)*): (.*)$")


class KeyDescription(NamedTuple):
    """One key of a component, in words.

    Attributes:
        key: its name.
        type: what it holds: `integer`, `list of integer`, `'a' or 'b'`, `network (a part)`.
        default: as a recipe would write it; None when the key must be given, empty when it may be left out.
        constraint: what its value must satisfy besides: `at least 1`; empty when anything goes.
        doc: its line of the constructor's docstring; empty without one.
    """

    key: str
    type: str
    default: str | None
    constraint: str
    doc: str


def describe_keys(target: Callable[..., Any], registry: Registry | None = None) -> list[KeyDescription]:
    """Describe the keys of a component, in the constructor's order.

    Args:
        target: the class, or the function returning an instance.
        registry: calls a nested part by the name a recipe uses; without it, a default part is called by its class.

    Raises:
        ComponentError: when its signature is not that of a component.
    """
    docs = _documented(target)
    return [
        KeyDescription(
            key.name,
            _type_text(key.annotation) + (", or candidates" if key.takes_candidates else ""),
            _default_text(key, registry),
            ", ".join(_bounds(key.annotation)),
            docs.get(key.name, ""),
        )
        for key in signature_of(target).keys
    ]


def _type_text(annotation: Any) -> str:
    if typing.get_origin(annotation) is Annotated:
        return _type_text(typing.get_args(annotation)[0])
    options = [option for option in union_options(annotation) if option is not type(None)]
    if len(options) > 1:
        return " or ".join(_type_text(option) for option in options)
    return _plain_type(options[0])


def _plain_type(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _type_text(annotation)
    if origin is Part:
        return f"{getattr(arguments[0], 'slot', arguments[0])} (a part)"
    if origin is Literal:
        return " or ".join(repr(choice) for choice in arguments)
    if origin in (tuple, list, set, frozenset):
        items = list(dict.fromkeys(_type_text(item) for item in arguments if item is not Ellipsis))
        count = "" if Ellipsis in arguments or origin is not tuple else f"{len(arguments)} "
        return f"list of {count}{' or '.join(items)}"
    if origin is dict or annotation is dict:
        return "table"
    return _TYPES.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _bounds(annotation: Any) -> list[str]:
    """Return the constraints of an annotation in words, those of its items included."""
    found = []
    if typing.get_origin(annotation) is Annotated:
        for constraint in typing.get_args(annotation)[1:]:
            for name, words in _BOUNDS.items():
                bound = getattr(constraint, name, None)
                if bound is not None and not (name == "min_length" and bound == 0):
                    found.append(words.format(plain_number(bound)))
    for argument in typing.get_args(annotation):
        found += _bounds(argument) if typing.get_origin(annotation) is not Part else []
    return list(dict.fromkeys(found))


def _default_text(key: KeySignature, registry: Registry | None) -> str | None:
    default = key.default
    if default is REQUIRED:
        return None
    if isinstance(default, Part):
        keys = "".join(f", {name} = {shown(value)}" for name, value in default.keys.items())
        return _part_name(default, key.annotation, registry) + keys
    return "" if default is None else shown(default)


def _part_name(part: Part[Any], annotation: Any, registry: Registry | None) -> str:
    if registry is not None:
        try:
            return shown(registry.name_of(getattr(part_interface(annotation), "slot", ""), part.target))
        except ComponentError:  # no plugin offers it: it has no name but its own
            pass
    return str(getattr(part.target, "__name__", part.target))


def _documented(target: Callable[..., Any]) -> dict[str, str]:
    """Return the entries of a constructor's Args section, or of a dataclass's Attributes, by name."""
    docs = [inspect.getdoc(target) or ""]
    if inspect.isclass(target):
        docs.append(inspect.getdoc(target.__init__) or "")
    entries: dict[str, str] = {}
    for doc in docs:
        entries |= _section(doc, "Args") or _section(doc, "Attributes")
    return entries


def _section(doc: str, title: str) -> dict[str, str]:
    entries: dict[str, str] = {}
    names: list[str] = []
    inside, indent = False, ""
    for line in doc.splitlines():
        if _SECTION.match(line.strip()):
            inside = line.strip() == f"{title}:"
            continue
        match = _ENTRY.match(line)
        if inside and match and (not entries or match.group(1) == indent):
            indent, names = match.group(1), match.group(2).split(", ")
            entries |= dict.fromkeys(names, match.group(3))
        elif inside and line.strip():
            entries |= {name: f"{entries[name]} {line.strip()}" for name in names}
    return entries
