"""What a run's files hold, where they may be cut short or changed by hand: nothing here raises for that."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object; an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a JSON array; none where it is no array."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """Return the items of a JSON array as text; none where it is no array."""
    return [str(item) for item in value] if isinstance(value, list) else []


def number(value: Any) -> float | None:
    """Return a finite number; None in place of anything else.

    >>> number(2), number("2"), number(True), number(10**400), number(float("nan"))
    (2.0, None, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def numbers_of(value: Any) -> dict[str, float | None]:
    """Return a JSON object whose values are numbers or None, without the values that are neither.

    >>> numbers_of({"elbo_nats": -1.5, "elbo_nats_se": None, "unit": "nats"})
    {'elbo_nats': -1.5, 'elbo_nats_se': None}
    """
    return {str(key): number(item) for key, item in mapping(value).items() if item is None or number(item) is not None}


def read_lines(path: Path) -> tuple[list[dict[str, float | None]], int]:
    """Return the lines of a file such as `metrics.jsonl` that hold numbers, and how many cannot be read."""
    found, unreadable = [], 0
    for line in (read_text(path) or "").splitlines():
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict):
            found.append(numbers_of(document))
        else:
            unreadable += 1
    return found, unreadable


def read_text(path: Path) -> str | None:
    """Return a text file, with marks in place of what is no UTF-8; None where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
