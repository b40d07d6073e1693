"""The last words of a run: how it ended, its bound, where the files are, what to type next."""

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from genlab import numbers
from genlab.cli.candidate_table import candidate_table
from genlab.cli.ledger_table import ledger_table
from genlab.cli.tables import facts
from genlab.records import bounds

if TYPE_CHECKING:
    from genlab.run import RunResult

STYLES = {"finished": "bold green", "converged": "bold green"}


def closing(result: "RunResult", record: Mapping[str, Any]) -> Group:
    """Return what a person reads once a run is over.

    Args:
        result: how it ended.
        record: what `run.json` holds; of it, the evaluation on the test split and the candidates, if there are any.
    """
    test = record.get("test")
    why = f" ({result.reason})" if result.reason else ""
    heading = Text(f"{result.status}{why}", style=STYLES.get(result.status, "bold yellow"))
    parts: list[RenderableType] = ["", heading.append(f" at step {numbers.count(result.step)}", "not bold default"), ""]
    if record.get("candidates"):
        parts += [candidate_table(record), ""]
    if test is not None:
        parts += [ledger_table(test), ""]
    elif words := bounds.bound_words(result.metrics):
        parts += [facts([("bound in training", words)]), ""]
    # The evaluation's table ends with what is to be noted; without one it is told here.
    notes = [("note", said) for said in record.get("remarks", ())] if test is None else []
    return Group(*parts, facts([*notes, ("files", str(result.folder)), *_next(result, record)]))


def _next(result: "RunResult", record: Mapping[str, Any]) -> list[tuple[str, str]]:
    folder = shlex.quote(str(result.folder))
    evaluate = ("evaluate", f"genlab eval {folder}{'' if record['data']['sizes']['test'] else ' --split train'}")
    if result.status in ("interrupted", "time limit"):
        nothing_yet = bool(record.get("candidates")) and not record.get("picked")
        return [("go on", f"genlab run --resume {folder}"), *([] if nothing_yet else [evaluate])]
    infer = [("infer", f"genlab infer {folder}")] if record.get("can_infer") else []
    return [evaluate, *infer, ("sample", f"genlab sample {folder} -n 64")]
