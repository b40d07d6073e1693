"""The keys of a component, read from its constructor.

The constructor is the schema: keyword-only parameters are the recipe's keys, positional-only parameters are parts
that assembly (or the owner of a nested part) injects.
"""

import functools
import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Union

from genlab.errors import ComponentError
from genlab.interfaces.constraints import Candidates
from genlab.interfaces.part import Part

REQUIRED: Any = inspect.Parameter.empty
"""The default of a key that has none."""


@dataclass(frozen=True)
class KeySignature:
    """One key of a component.

    Attributes:
        name: as a recipe writes it.
        annotation: its type, constraints included.
        default: what it is when not given; `REQUIRED` when it must be.
    """

    name: str
    annotation: Any
    default: Any

    @property
    def required(self) -> bool:
        """Whether a recipe must give it."""
        return self.default is REQUIRED

    @property
    def takes_candidates(self) -> bool:
        """Whether a recipe may give several values, each of which is fitted."""
        return _has_marker(self.annotation)


@dataclass(frozen=True)
class Signature:
    """What a component takes.

    Attributes:
        injected: the types of its positional-only parameters, in order.
        keys: its keyword-only parameters, in order.
    """

    injected: tuple[Any, ...]
    keys: tuple[KeySignature, ...]


def signature_of(target: Callable[..., Any]) -> Signature:
    """Read the signature of a class's constructor, or of a function.

    Raises:
        ComponentError: when a parameter has no type, or is neither positional-only nor keyword-only.
    """
    if inspect.isclass(target):
        return _signature_of_class(target)  # type: ignore[arg-type]  # every class can be hashed
    return _read_signature(target)


@functools.cache  # each assembly asks for it again, and reading it takes a third of the time of a small one
def _signature_of_class(target: type) -> Signature:
    return _read_signature(target)


def _read_signature(target: Callable[..., Any]) -> Signature:
    who = target_name(target)
    function = target.__init__ if inspect.isclass(target) else target
    try:
        parameters = list(inspect.signature(function).parameters.values())
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError, ValueError) as error:
        raise ComponentError(f"{who} must have a signature that can be read: {error}.") from error
    if inspect.isclass(target):
        parameters = parameters[1:]
    if all(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return Signature((), ())  # a class without a constructor of its own
    for parameter in parameters:
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.KEYWORD_ONLY):
            rule = "must take injected parts before '/' and keys after '*'"
            raise ComponentError(f"{who} {rule}, got the parameter {str(parameter)!r}.")
        if parameter.name not in hints:
            raise ComponentError(f"{who} must give every parameter a type, got {parameter.name!r} without one.")
    return Signature(
        tuple(hints[p.name] for p in parameters if p.kind is p.POSITIONAL_ONLY),
        tuple(KeySignature(p.name, hints[p.name], p.default) for p in parameters if p.kind is p.KEYWORD_ONLY),
    )


def target_name(target: Callable[..., Any]) -> str:
    """Return where a class or function is defined: `package.module:Class`."""
    return f"{getattr(target, '__module__', '?')}:{getattr(target, '__qualname__', repr(target))}"


def part_interface(annotation: Any) -> Any | None:
    """Return X where an annotation is `Part[X]`, or that or None; otherwise None."""
    for option in union_options(annotation):
        if typing.get_origin(option) is Part:
            return typing.get_args(option)[0]
    return None


def union_options(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the annotation alone; constraints around a whole union are dropped."""
    if typing.get_origin(annotation) is Annotated:
        annotation = typing.get_args(annotation)[0] if _is_union(typing.get_args(annotation)[0]) else annotation
    return typing.get_args(annotation) if _is_union(annotation) else (annotation,)


def produced_class(target: Callable[..., Any]) -> type | None:
    """Return the class of what a component builds, as far as can be told before building it."""
    if inspect.isclass(target):
        return target
    try:
        returned = typing.get_type_hints(target).get("return")
    except (NameError, TypeError):
        return None
    return returned if inspect.isclass(returned) and returned is not Any else None


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (Union, types.UnionType)


def _has_marker(annotation: Any) -> bool:
    if typing.get_origin(annotation) is Annotated:
        return any(isinstance(mark, Candidates) for mark in typing.get_args(annotation)[1:])
    return _is_union(annotation) and any(_has_marker(option) for option in typing.get_args(annotation))
