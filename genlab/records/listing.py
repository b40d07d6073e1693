"""The runs under a folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genlab.errors import RunFolderError
from genlab.records.json_values import number, numbers_of
from genlab.records.record import check_format, read_record


@dataclass(frozen=True)
class RunSummary:
    """One run at a glance; the fields are those of `run.json`."""

    folder: Path
    name: str
    status: str
    step: int
    steps: int
    started: str
    metrics: Mapping[str, Any]


def list_runs(out: Path) -> list[RunSummary]:
    """Return the runs under `out`, oldest first; a folder that cannot be opened has the status `unreadable`."""
    summaries = []
    for record in sorted(Path(out).glob("*/*/run.json")):
        try:
            summaries.append(_summary(record.parent))
        except RunFolderError:
            folder = record.parent
            summaries.append(RunSummary(folder, folder.parent.name, "unreadable", 0, 0, "", {}))
    return sorted(summaries, key=lambda summary: (summary.started, summary.folder))


def latest_run(out: Path, name: str) -> Path:
    """Return the newest run called `name` under `out`.

    Raises:
        RunFolderError: when there is none.
    """
    runs = [summary for summary in list_runs(out) if summary.name == name and summary.status != "unreadable"]
    if not runs:
        raise RunFolderError(f"there is no run of {name!r} under {out}. `genlab runs` lists those there are.")
    return runs[-1].folder


def _summary(folder: Path) -> RunSummary:
    record = read_record(folder)
    check_format(folder, record)
    return RunSummary(
        folder,
        str(record.get("name", "")),
        str(record.get("status", "")),
        int(number(record.get("step")) or 0),
        int(number(record.get("steps")) or 0),
        str(record.get("started", "")),
        numbers_of(record.get("metrics")),
    )
