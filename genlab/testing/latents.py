"""The tensors inside z, whatever form a model gives it: a tensor, a frozen dataclass, a tuple, a mapping.

Every tensor of z begins with the samples: `(S, B, ...)` where it is local, `(S, ...)` where all observations share it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor

from genlab.interfaces import VariationalFamily
from genlab.testing.check import CannotRun


def tensors(z: Any) -> dict[str, Tensor]:
    """Return the tensors of z by where they are; the name of z itself is empty.

    >>> sorted(tensors({"a": torch.zeros(1), "b": (torch.ones(2), 3)}))
    ['a', 'b.0']
    """
    if isinstance(z, Tensor):
        return {"": z}
    found: dict[str, Tensor] = {}
    for name, inner in _parts(z):
        found |= {f"{name}.{path}".rstrip("."): tensor for path, tensor in tensors(inner).items()}
    return found


def mapped(z: Any, function: Callable[[str, Tensor], Tensor], path: str = "") -> Any:
    """Return z with a function applied to every tensor.

    Args:
        z: what `tensors` takes.
        function: from a tensor's place, as `tensors` names it, and the tensor.
        path: the place of z itself.
    """
    if isinstance(z, Tensor):
        return function(path, z)

    def inner(name: str, value: Any) -> Any:
        return mapped(value, function, f"{path}.{name}".lstrip("."))

    if is_dataclass(z) and not isinstance(z, type):
        return replace(z, **{name: inner(name, value) for name, value in _parts(z)})
    if isinstance(z, Mapping):
        return type(z)({name: inner(name, value) for name, value in z.items()})  # type: ignore[call-arg]
    if isinstance(z, tuple) and hasattr(z, "_fields"):
        return type(z)(*(inner(name, value) for name, value in _parts(z)))
    if isinstance(z, tuple | list):
        return type(z)(inner(name, value) for name, value in _parts(z))
    return z


def local_places(family: VariationalFamily, x: Tensor, generator: torch.Generator) -> frozenset[str]:
    """Return where z has local tensors: those whose second axis grows with the batch.

    Args:
        family: what draws z.
        x: `(B, *X)`, at least two observations.
        generator: what it is drawn with.
    """
    if len(x) < 2:
        raise CannotRun("it takes two observations to tell which tensors of z are local")
    whole, less = (tensors(family.posterior(part).sample(1, generator=generator)) for part in (x, x[:-1]))
    return frozenset(
        place
        for place, tensor in whole.items()
        if tensor.ndim > 1 and tensor.shape[1] == len(x) and less[place].shape[1] == len(x) - 1
    )


def of_examples(z: Any, places: Iterable[str], indices: Tensor) -> Any:
    """Return z of the observations at `indices`.

    Args:
        z: S draws for B observations.
        places: where its local tensors are.
        indices: integers in 0..B-1; one may stand there several times.
    """
    local = frozenset(places)
    return mapped(z, lambda place, tensor: tensor[:, indices.to(tensor.device)] if place in local else tensor)


def copied(z: Any) -> Any:
    """Return z with a copy of every tensor."""
    return mapped(z, lambda _, tensor: tensor.clone())


def _parts(z: Any) -> Iterable[tuple[str, Any]]:
    if is_dataclass(z) and not isinstance(z, type):
        return [(field.name, getattr(z, field.name)) for field in fields(z) if field.init]
    if isinstance(z, Mapping):
        return [(str(name), value) for name, value in z.items()]
    if isinstance(z, tuple) and hasattr(z, "_fields"):
        return list(zip(z._fields, z, strict=True))
    if isinstance(z, tuple | list):
        return [(str(index), value) for index, value in enumerate(z)]
    return []
