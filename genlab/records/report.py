"""A report of a run: one HTML file that needs nothing beside it, from what the run folder holds.

What is missing or damaged is left out, or said to be; nothing is computed anew but for means over logged lines.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from genlab import numbers
from genlab.errors import UsageError
from genlab.records import bounds
from genlab.records.commands import commands
from genlab.records.files import write_text
from genlab.records.json_values import mapping, mappings, read_lines, read_text, texts
from genlab.records.measured import candidates, measured
from genlab.records.page import Markup, element, facts, folded, page, paragraph, section, verbatim
from genlab.records.pictures import curve, picture, pictures
from genlab.records.record import check_format, read_record

BOUND_CURVE = "bound-curve.png"
_LOGGED = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) ", re.MULTILINE)
_LAST_LINES = 200


@dataclass(frozen=True)
class _Left:
    """What a run has left.

    Attributes:
        folder: its folder.
        record: `run.json`.
        lines: those of `metrics.jsonl` that can be read, oldest first.
        unreadable: how many cannot.
        log: `log.txt`; empty where there is none.
    """

    folder: Path
    record: Mapping[str, Any]
    lines: list[dict[str, float | None]]
    unreadable: int
    log: str


def write_report(folder: Path, path: Path | None = None) -> Path:
    """Write a report of a run; one that is there is replaced.

    Args:
        folder: the run folder.
        path: a file ending in .html; by default `report.html` in the folder.

    Returns:
        The file's path.

    Raises:
        RunFolderError: when there is no `run.json` that can be read.
        UsageError: when `path` cannot be written to.
    """
    path = folder / "report.html" if path is None else path
    text = report(folder)
    if path.suffix not in (".html", ".htm"):
        raise UsageError(f"{path} must end in .html, got {path.suffix or 'no ending'!r}.")
    if not path.parent.is_dir():
        raise UsageError(f"folder {path.parent} must exist to write {path.name} into. Make it, or choose another.")
    write_text(path, text)
    return path


def report(folder: Path) -> str:
    """Return a report of a run, a page of HTML.

    Raises:
        RunFolderError: when there is no `run.json` that can be read.
    """
    record = read_record(folder)
    check_format(folder, record)
    lines, unreadable = read_lines(folder / "metrics.jsonl")
    left = _Left(folder, record, lines, unreadable, read_text(folder / "log.txt") or "")
    name = str(left.record.get("name") or left.folder.resolve().name)
    return page(
        f"{name}: a run of genlab",
        element("h1", name),
        _head(left),
        section("The bound on test data", *measured(left.record)),
        section("Candidates", *candidates(left.record)),
        section("Samples", *pictures(left.folder / "samples")),
        section("Figures", *pictures(left.folder / "figures", leave_out=(BOUND_CURVE,))),
        section("Training", *_training(left)),
        section("Recipe", *_recipe(left.folder)),
        section("Made with", *_made_with(left.record)),
        section("Commands", *commands(left.folder, left.record)),
    )


def _head(left: _Left) -> Markup:
    record = left.record
    status, reason = str(record.get("status", "")), str(record.get("reason") or "")
    running = status == "running"
    data, hardware = mapping(record.get("data")), mapping(record.get("hardware"))
    sizes = [f"{_count(size)} {name}" for name, size in mapping(data.get("sizes")).items()]
    logged = _LOGGED.findall(left.log)
    processes = hardware.get("processes") or 1
    rows = [
        ("status", f"{status or 'unknown'}{' (or ended without a chance to say so)' if running else ''}"),
        ("because", reason),
        ("step", f"{_count(_step(left))} of {_count(record.get('steps'))}"),
        ("started", _time(record.get("started"))),
        ("ended", _time(logged[-1]) if logged and not running else ""),
        ("training time", _training_time(left)),
        ("on", f"{hardware.get('accelerator', '')}{f', {processes} processes' if processes != 1 else ''}"),
        ("folder", str(left.folder.resolve())),
        ("data", f"{data.get('name', '')}: {', '.join(sizes)}" if data else ""),
        ("parts", _parts(left.folder)),
        *((key.replace("_", " "), _origin(record[key])) for key in ("start_from", "prior_from") if key in record),
    ]
    error = str(record.get("error") or "")
    return Markup(facts(rows) + (paragraph(error, "bad") if error else ""))


def _training(left: _Left) -> list[Markup]:
    drawn = left.folder / "figures" / BOUND_CURVE
    last = left.lines[-1] if left.lines else {}
    validated = next((line for line in reversed(left.lines) if line.get("validation_elbo_nats") is not None), {})
    used = max((line.get("peak_memory_bytes") or 0.0 for line in left.lines), default=0.0)
    rates = sorted(line["examples_per_second"] or 0.0 for line in left.lines if line.get("examples_per_second"))
    epoch = last.get("epoch")
    rows = [
        ("last bound", bounds.bound_words(last)),
        ("on validation data", bounds.bound_words(validated, "validation_")),
        ("minimized instead", bounds.surrogate_words(last)),
        ("epochs", "" if epoch is None else numbers.significant(epoch)),
        ("speed", bounds.rate_words({"examples_per_second": rates[len(rates) // 2]}) + ", median" if rates else ""),
        ("peak memory", bounds.memory_words({"peak_memory_bytes": used})),
    ]
    if left.unreadable:
        rows.append(("lines left out", f"{left.unreadable} of metrics.jsonl cannot be read"))
    tail = left.log.splitlines()[-_LAST_LINES:]
    shown = picture(drawn) if drawn.is_file() else _bound_curve(left.lines)
    log = folded("log.txt", verbatim("\n".join(tail))) if tail else Markup("")
    parts = [part for part in (shown, facts(rows), log) if part]
    return parts or [paragraph("Nothing was logged.", "note")]


def _bound_curve(lines: list[dict[str, float | None]]) -> Markup:
    """Draw what a run that has not ended has no figure of."""
    bits = any(line.get("bits_per_dim") is not None for line in lines)
    name, title = ("bits_per_dim", "bits/dim") if bits else ("elbo_nats", "bound, nats an example")
    pairs = [(line.get("step"), line.get(name)) for line in lines]
    return curve([(step, value) for step, value in pairs if step is not None and value is not None], title)


def _recipe(folder: Path) -> list[Markup]:
    written, resolved = read_text(folder / "recipe.toml"), read_text(folder / "resolved.toml")
    return [
        paragraph("recipe.toml is missing.", "bad") if written is None else verbatim(written),
        paragraph("resolved.toml is missing.", "bad")
        if resolved is None
        else folded("with every default, and what the command line changed (resolved.toml)", verbatim(resolved)),
    ]


def _made_with(record: Mapping[str, Any]) -> list[Markup]:
    git, hardware = mapping(record.get("git")), mapping(record.get("hardware"))
    plugins = [
        f"{plugin.get('name')} ({plugin.get('distribution')} {plugin.get('version')}"
        f"{', file {} of SHA-256 {}'.format(plugin['file'], plugin.get('sha256')) if 'file' in plugin else ''})"
        for plugin in mappings(record.get("plugins"))
    ]
    changed = ", with changes that are not committed" if git.get("changed") else ""
    rows = [
        ("versions", ", ".join(f"{name} {version}" for name, version in mapping(record.get("versions")).items())),
        ("plugins", ", ".join(plugins)),
        ("git commit of the recipe", f"{git['commit']}{changed}" if git.get("commit") else ""),
        ("hardware", ", ".join(f"{name} {fact}" for name, fact in hardware.items())),
        *((str(name), str(fact)) for name, fact in mapping(record.get("environment")).items()),
        ("seeds", ", ".join(f"{name} {seed}" for name, seed in mapping(record.get("seeds")).items())),
        ("command", " ".join(texts(record.get("command")))),
    ]
    return [found] if (found := facts(rows)) else []


def _parts(folder: Path) -> str:
    """Return which components the run is made of, by the tables of its resolved recipe."""
    try:
        tables = tomllib.loads(read_text(folder / "resolved.toml") or "")
    except (ValueError, RecursionError):
        return ""
    used = [(slot, mapping(keys).get("use")) for slot, keys in tables.items() if slot != "data"]
    return ", ".join(f"{slot} {name}" for slot, name in used if name is not None)


def _step(left: _Left) -> Any:
    """Return how far the run is; `run.json` says it when the run has ended."""
    logged = left.lines[-1].get("step") if left.lines else None
    return left.record.get("step") or (logged and int(logged)) or 0


def _training_time(left: _Left) -> str:
    measures = [mapping(left.record.get("metrics")), *reversed(left.lines)]
    seconds = next((line["elapsed_seconds"] for line in measures if line.get("elapsed_seconds")), None)
    return numbers.duration(seconds) if isinstance(seconds, int | float) else ""


def _time(text: Any) -> str:
    """Return a time as people write it; what is none, as it is."""
    try:
        return f"{datetime.fromisoformat(str(text)).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError):
        return str(text or "")


def _count(value: Any) -> str:
    return numbers.count(value) if isinstance(value, int) else "an unknown number"


def _origin(value: Any) -> str:
    return f"{mapping(value).get('run', 'another run')} at step {_count(mapping(value).get('step'))}"
