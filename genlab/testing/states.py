"""States as checkpoints keep them: nested dicts of tensors and plain values."""

from typing import Any

import torch
from torch import Tensor

_PLAIN = (bool, int, float, str, type(None))


def unkept(value: Any, path: str) -> str | None:
    """Return the first thing in a state that a checkpoint cannot keep, in words; None where there is nothing.

    >>> unkept({"steps": 3, "seen": {1, 2}}, "state")
    'a set in state.seen'
    """
    if isinstance(value, dict):
        strange = next((key for key in value if not isinstance(key, str)), None)
        if strange is not None:
            return f"the key {strange!r} in {path}"
        return next((found for key, inner in value.items() if (found := unkept(inner, f"{path}.{key}"))), None)
    if isinstance(value, list):
        return next((found for item in value if (found := unkept(item, f"{path}[]"))), None)
    return None if isinstance(value, Tensor) or type(value) in _PLAIN else f"a {type(value).__name__} in {path}"


def difference(found: Any, expected: Any, path: str) -> str | None:
    """Return where two states differ, in words; None where they are the same to the last bit.

    >>> difference({"steps": 3}, {"steps": 4}, "state")
    'state.steps is 3 and not 4'
    """
    if isinstance(expected, dict) and isinstance(found, dict):
        if found.keys() != expected.keys():
            return f"{path} has keys {sorted(found)} and not {sorted(expected)}"
        return next((hit for key in expected if (hit := difference(found[key], expected[key], f"{path}.{key}"))), None)
    if isinstance(expected, Tensor) and isinstance(found, Tensor):
        same = found.dtype == expected.dtype and torch.equal(found.cpu(), expected.cpu())
    else:
        same = type(found) is type(expected) and found == expected
    return None if same else f"{path} is {found!r} and not {expected!r}"
