"""What a run has measured, as tables: the ledger of its bound on test data, what else was found, its candidates."""

from collections.abc import Mapping
from typing import Any

from genlab import numbers
from genlab.records.json_values import mapping, mappings, number, numbers_of, texts
from genlab.records.page import Markup, facts, folded, paragraph, table

_TITLES = {"elbo_nats": "bound, nats an example", "bits_per_dim": "bits/dim"}
_NUMBERS = ("nats", "value", "std. error", "from the choice of examples")


def measured(record: Mapping[str, Any]) -> list[Markup]:
    """Return the ledger of the test bound, the numbers, how they were made, and what is to be noted."""
    test = mapping(record.get("test"))
    metrics, rows = numbers_of(test.get("metrics")), mappings(test.get("ledger"))
    remarks = [("note", remark) for remark in texts(test.get("remarks") or record.get("remarks"))]
    if not metrics and not rows:
        return [paragraph(_no_bound(record), "note"), facts(remarks)]
    series = [(name, _listed(values)) for name, values in mapping(test.get("series")).items()]
    return [
        _ledger(rows) if rows else Markup(""),
        _metrics(metrics),
        facts([("protocol", str(test.get("protocol") or "")), *remarks]),
        folded("number by number", facts(series)) if series else Markup(""),
    ]


def candidates(record: Mapping[str, Any]) -> list[Markup]:
    """Return the candidates and which was picked; nothing for a run that has none."""
    rows = mappings(record.get("candidates"))
    if not rows:
        return []
    picked = record.get("picked")
    columns = ("", "candidate", "bound on all data", "+ log symmetries", "steps", "ended")
    said = [(row.get("status"), row.get("error"), *texts(row.get("remarks"))) for row in rows]
    cells = [
        (
            "*" if row.get("label") == picked else "",
            str(row.get("label", "")),
            _value(row, "elbo_total_nats", "elbo_total_nats_se"),
            _value(row, "corrected_nats", "elbo_total_nats_se"),
            numbers.value(number(row.get("step"))),
            "; ".join(str(words) for words in ended if words),
        )
        for row, ended in zip(rows, said, strict=True)
    ]
    because = f"{picked}: {record.get('picked_because', '')}" if picked else "none: no candidate has a bound yet"
    return [table(columns, cells, right=columns[2:5], caption="Bounds in nats."), facts([("picked", because)])]


def _no_bound(record: Mapping[str, Any]) -> str:
    sizes = mapping(mapping(record.get("data")).get("sizes"))
    if sizes.get("test") == 0:
        return "None: the data have no test split."
    if record.get("status") == "running":
        return "None yet: it is evaluated when the run has ended."
    return f"None: the run was not evaluated (status: {record.get('status', 'unknown')})."


def _ledger(rows: list[Mapping[str, Any]]) -> Markup:
    cells = [
        (
            str(row.get("name", "")),
            str(row.get("scope", "")),
            _value(row, "nats", "se"),
            "" if row.get("exact") else _error(number(row.get("se"))) or "-",
            "exact" if row.get("exact") else "estimated",
        )
        for row in rows
    ]
    has_global = any(row.get("scope") == "global" for row in rows)
    caption = "A local term is a mean over the examples, a global one is whole. " if has_global else ""
    caption += "The bound is the sum of the "
    caption += "local terms and of the global ones divided by the number of examples." if has_global else "terms."
    return table(("term", "scope", "nats", "std. error", ""), cells, right=_NUMBERS, caption=caption)


def _metrics(metrics: Mapping[str, float | None]) -> Markup:
    """Return the bound first and what else was measured, each with its errors."""
    names = [name for name in metrics if not name.endswith("_se") and metrics[name] is not None]
    spread = any(metrics.get(f"{name}_data_se") is not None for name in names)
    columns = ("measure", "value", "std. error", *(["from the choice of examples"] if spread else []))
    cells = [
        (
            _TITLES.get(name, name),
            numbers.value(metrics[name], metrics.get(f"{name}_se")),
            _error(metrics.get(f"{name}_se")),
            *([_error(metrics.get(f"{name}_data_se"))] if spread else []),
        )
        for name in names
    ]
    return table(columns, cells, right=_NUMBERS) if cells else Markup("")


def _value(row: Mapping[str, Any], name: str, error: str) -> str:
    return numbers.value(number(row.get(name)), number(row.get(error)))


def _error(se: float | None) -> str:
    return "" if not se else f"{se:.2g}"


def _listed(values: Any) -> str:
    items = values if isinstance(values, list) else [values]
    return ", ".join(numbers.value(number(item)) for item in items)
