"""An evaluated bound: its terms, the bound, and how it was made."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table

from genlab import numbers
from genlab.cli.tables import facts, plain_table


def ledger_table(evaluation: Mapping[str, Any]) -> Group:
    """Return the ledger's rows and, below them, what they add up to.

    Args:
        evaluation: a document as `genlab eval --json` prints it.
    """
    rows = [
        (
            row["name"],
            row["scope"],
            numbers.value(row["nats"], row["se"]),
            _error(row["se"], row["exact"]),
            "exact" if row["exact"] else "estimated",
        )
        for row in evaluation["ledger"]
    ]
    columns = ("term", "scope", "nats", "std. error", "")
    return Group(plain_table(columns, rows, right=("nats", "std. error")), "", _sums(evaluation))


def _error(se: float | None, exact: bool) -> str:
    if exact:
        return ""
    return "-" if se is None else f"{se:.2g}"


def _sums(evaluation: Mapping[str, Any]) -> Table:
    metrics = evaluation["metrics"]
    rows = [("bound", _with_errors(metrics, "elbo_nats", "nats an example"))]
    if metrics.get("bits_per_dim") is not None:
        rows.append(("", _with_errors(metrics, "bits_per_dim", "bits/dim")))
    known = ("elbo_nats", "bits_per_dim")
    rows += [
        (name, numbers.value(number, metrics.get(f"{name}_se")))
        for name, number in metrics.items()
        if not name.endswith("_se") and name not in known
    ]
    rows.append(("protocol", evaluation["protocol"]))
    rows += [("note", remark) for remark in evaluation.get("remarks", ())]
    return facts(rows)


def _with_errors(metrics: Mapping[str, Any], name: str, unit: str) -> str:
    error, spread = metrics.get(f"{name}_se"), metrics.get(f"{name}_data_se")
    words = f"{numbers.value(metrics.get(name), error or spread)} {unit}"
    if error:
        words += f", std. error {error:.2g}"
    return words + (f", {spread:.2g} from the choice of examples" if spread else "")
