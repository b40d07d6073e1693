"""`genlab runs`: the runs so far."""

import dataclasses
from pathlib import Path

import click
from rich.text import Text

from genlab import numbers
from genlab.cli import verbs
from genlab.cli.documents import print_json
from genlab.cli.options import json_option, out_option
from genlab.cli.session import Session, pass_session
from genlab.cli.tables import plain_table
from genlab.records import bounds

STYLES = {"finished": "green", "converged": "green", "failed": "red"}


@click.command("runs")
@out_option("Where runs are kept.")
@json_option
@pass_session
def command(session: Session, out: Path, as_json: bool) -> None:
    """List the runs so far, oldest first.

    A folder's name begins with the time its run started (UTC). The bound is the one on the test split, for runs that
    came to their end.

    \b
    Examples:
      genlab runs
      genlab runs --out /data/runs --json
    """
    summaries = verbs.list_runs(out)
    if as_json:
        print_json(session, [dataclasses.asdict(summary) for summary in summaries])
        return
    if not summaries:
        session.err.print(f"there are no runs under {out}. `genlab run RECIPE` makes one.", soft_wrap=True)
        return
    rows = [
        (
            str(summary.folder),
            Text(summary.status, STYLES.get(summary.status, "yellow")),
            f"{numbers.count(summary.step)} / {numbers.count(summary.steps)}",
            bounds.bound_words(summary.metrics, "test_"),
        )
        for summary in summaries
    ]
    session.out.print(plain_table(("run", "state", "step", "test bound"), rows, right=("step",)))
