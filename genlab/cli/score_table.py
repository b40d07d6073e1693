"""The scores of several samplers: a line for each as it ends, and the table of them all above real data's."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.text import Text

from genlab import numbers
from genlab.cli.tables import facts, plain_table

SHOWN = {
    "frechet_distance": "frechet",
    "kernel_distance": "kernel",
    "precision": "precision",
    "recall": "recall",
    "copying": "copying",
}
"""Which metrics have a column, by how their names begin; `--json` has them all."""


def score_line(document: Mapping[str, Any]) -> str:
    """Write how one choice scored.

    Args:
        document: the score's, and its `choice` by dotted key.
    """
    words = ", ".join(f"{_short(key)} {value}" for key, value in document["choice"].items())
    frechet = next(name for name in document["metrics"] if name.startswith("frechet_distance"))
    return f"{words}: {frechet} {numbers.value(document['metrics'][frechet])}, {_seconds(document)} s"


def score_table(documents: Sequence[Mapping[str, Any]]) -> Group:
    """Return all scores, the smallest distances in bold, and what training data score below them.

    Args:
        documents: at least one, as `score_line` takes them, all of the same features and sizes.
    """
    first = documents[0]
    keys = list(dict.fromkeys(key for document in documents for key in document["choice"]))
    names = [name for name in first["metrics"] if _column(name) and not name.endswith("_se")]
    best = {name: min(document["metrics"][name] for document in documents) for name in names if "distance" in name}
    rows: list[list[str | Text]] = []
    for document in documents:
        cells = [_cell(document["metrics"], name, best.get(name)) for name in names]
        rows.append([*(str(document["choice"].get(key, "-")) for key in keys), *cells, _seconds(document)])
    floor = [_cell(first["baseline"], name, None) for name in names]
    rows.append([Text("training data", "dim"), *[""] * (len(keys) - 1), *floor, ""])
    columns = [*map(_short, keys), *(str(_column(name)) for name in names), "seconds"]
    right = [column for column in columns if column != _short("sampler.use")]
    return Group(plain_table(columns, rows, right=right), "", facts([("protocol", _protocol(documents))]))


def _protocol(documents: Sequence[Mapping[str, Any]]) -> str:
    """Return how the numbers were made, which only the sampler's name can tell apart."""
    protocols = dict.fromkeys(document["protocol"] for document in documents)
    first = next(iter(protocols))
    return first if len(protocols) == 1 else re.sub(r" draws of \w+ and ", " draws of each and ", first, count=1)


def written(metrics: Mapping[str, Any], name: str) -> str:
    """Write a metric: a distance with the digits its standard error leaves, a share with three decimals.

    >>> metrics = {"recall_raw_k3": 0.25, "kernel_distance_raw": 0.01136, "kernel_distance_raw_se": 0.0083}
    >>> written(metrics, "recall_raw_k3"), written(metrics, "kernel_distance_raw")
    ('0.250', '0.0114')

    Args:
        metrics: a score's.
        name: which.
    """
    return numbers.value(metrics[name], metrics.get(f"{name}_se")) if "distance" in name else f"{metrics[name]:.3f}"


def _cell(metrics: Mapping[str, Any], name: str, best: float | None) -> str | Text:
    error = metrics.get(f"{name}_se")
    cell = written(metrics, name) + ("" if error is None else f" ± {numbers.value(error, error)}")
    return Text(cell, "bold") if best is not None and metrics[name] == best else cell


def _column(name: str) -> str | None:
    return next((title for start, title in SHOWN.items() if name.startswith(start)), None)


def _short(key: str) -> str:
    return "sampler" if key == "sampler.use" else key.rpartition(".")[2]


def _seconds(document: Mapping[str, Any]) -> str:
    return numbers.significant(document["sampling_seconds"])
