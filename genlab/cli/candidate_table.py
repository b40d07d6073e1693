"""The candidates of a run: a line for each as it ends, and the table of them all with the pick."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from genlab import numbers
from genlab.cli.tables import facts, plain_table
from genlab.recipe.candidate_words import candidate_words


def candidate_line(row: Mapping[str, Any], number: int, count: int) -> str:
    """Write how a candidate ended.

    Args:
        row: the candidate as `run.json` holds it.
        number: which it is, from 1.
        count: how many there are.
    """
    words = [f"candidate {number} of {count}, {candidate_words(row)}"]
    if row["corrected_nats"] is not None:
        words.append(f"bound {_nats(row['corrected_nats'], row['elbo_total_nats_se'])} nats")
    words.append(f"{row['status']} at step {numbers.count(row['step'])}")
    return f"{': '.join([words[0], ', '.join(words[1:])])}{_reason(row)}"


def candidate_table(record: Mapping[str, Any]) -> Group:
    """Return all candidates of a run, and which was picked and why.

    Args:
        record: `run.json`.
    """
    rows, picked = record["candidates"], record.get("picked")
    corrected = any(row["log_symmetries_nats"] for row in rows)
    keys = [key.rpartition(".")[2] for key in rows[0]["values"]]
    restarts = len({row["restart"] for row in rows}) > 1
    bounds = ["bound", "+ log symmetries"] if corrected else ["bound"]
    columns = ("", *keys, *(["restart"] if restarts else []), *bounds, "steps", "seconds", "ended")
    cells = [_cells(row, picked, restarts=restarts, corrected=corrected) for row in rows]
    table = plain_table(columns, cells, right=(*keys, "restart", *bounds, "steps", "seconds"))
    return Group(table, "", _pick(record))


def _cells(row: Mapping[str, Any], picked: str | None, *, restarts: bool, corrected: bool) -> list[str | Text]:
    se = row["elbo_total_nats_se"]
    nats = [_nats(row["elbo_total_nats"], se)] + ([_nats(row["corrected_nats"], se)] if corrected else [])
    # Why candidates converge is one sentence for all, and their lines have said it.
    told = {**row, "reason": ""} if row["status"] == "converged" else row
    ended = f"{row['status']}{_reason(told)}" if row["status"] != "running" else "not begun"
    cells = [
        "*" if row["label"] == picked else "",
        *map(str, row["values"].values()),
        *([str(row["restart"])] if restarts else []),
        *nats,
        numbers.count(row["step"]),
        numbers.significant(row["seconds"]),
        ended,
    ]
    return [Text(cell, "bold") if row["label"] == picked else cell for cell in cells]


def _pick(record: Mapping[str, Any]) -> Table:
    rows = [row for row in record["candidates"] if row["label"] == record.get("picked")]
    if not rows:
        return facts([("picked", "none: no candidate has a bound yet")])
    found = [("picked", f"{candidate_words(rows[0])}: {record['picked_because']}")]
    if any(row["log_symmetries_nats"] for row in record["candidates"]):
        found.append(("", "log symmetries (log K! for K alike components) make bounds of different K comparable"))
    return facts(found)


def _nats(total: float | None, se: float | None) -> str:
    """Write a bound on all data: they differ by a few nats in many thousand."""
    return f"{total:,.2f}" if total is not None and not se else numbers.value(total, se)


def _reason(row: Mapping[str, Any]) -> str:
    why = [row["error"] or row["reason"], *row.get("remarks", ())]
    return f" ({'; '.join(filter(None, why))})" if any(why) else ""
