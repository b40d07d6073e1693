"""What to type to make a run again, to go on with it, and to use it."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genlab.records.json_values import mapping, mappings
from genlab.records.page import Markup, paragraph, verbatim


def commands(folder: Path, record: Mapping[str, Any]) -> list[Markup]:
    """Return the commands that a run's state allows, with the plugin files it was made with.

    Args:
        folder: the run folder.
        record: its `run.json`.
    """
    run = shlex.quote(str(folder))
    files = [str(plugin["file"]) for plugin in mappings(record.get("plugins")) if "file" in plugin]
    plugins = "".join(f" --plugin-file {shlex.quote(file)}" for file in files)
    resolved = shlex.quote(str(folder / "resolved.toml"))
    lines = [("make the run again", f"{_program(record)} run {resolved}{plugins}")]
    if _has_checkpoint(folder, record):
        split = "" if mapping(mapping(record.get("data")).get("sizes")).get("test") else " --split train"
        if record.get("status") not in ("finished", "converged"):
            lines.append(("go on with it", f"{_program(record)} run --resume {run}{plugins}"))
        lines.append(("evaluate its bound", f"genlab eval {run}{split}{plugins}"))
        if record.get("can_infer"):
            lines.append(("say what its posterior says", f"genlab infer {run}{plugins}"))
        lines.append(("draw new observations", f"genlab sample {run} -n 64{plugins}"))
    return [
        verbatim("\n\n".join(f"# {purpose}\n{command}" for purpose, command in lines)),
        paragraph("Without the folder: save the resolved recipe above as a file, and run that.", "note"),
    ]


def _program(record: Mapping[str, Any]) -> str:
    processes = mapping(record.get("hardware")).get("processes")
    if isinstance(processes, int) and processes > 1:
        return f"torchrun --standalone --nproc-per-node {processes} -m genlab"
    return "genlab"


def _has_checkpoint(folder: Path, record: Mapping[str, Any]) -> bool:
    """Whether there is a checkpoint, the run's own or that of the candidate it picked."""
    if record.get("candidates"):
        folder = folder / "candidates" / str(record.get("picked") or "")
    return any((folder / "checkpoints").glob("*/state.json"))
