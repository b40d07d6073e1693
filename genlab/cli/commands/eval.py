"""`genlab eval`: a run's bound on held-out data."""

from pathlib import Path

import click

from genlab.cli import verbs
from genlab.cli.busy import busy
from genlab.cli.completion import complete_run
from genlab.cli.documents import print_json
from genlab.cli.ledger_table import ledger_table
from genlab.cli.options import json_option, override_option, split_option, verbose_option
from genlab.cli.run_lookup import find_run
from genlab.cli.session import Session, pass_session


@click.command("eval")
@click.argument("run", shell_complete=complete_run)
@split_option("Which data to evaluate on.")
@click.option(
    "--per-example",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write each example's local terms and their sum to a file ending in .csv, .npz or .safetensors.",
)
@override_option
@json_option
@verbose_option
@pass_session
def command(
    session: Session, *, run: str, split: str, per_example: Path | None, overrides: tuple[str, ...], as_json: bool
) -> None:
    """Evaluate a run's bound on held-out data, term by term.

    RUN is a run folder, or a recipe's name for its newest run under ./runs. The newest checkpoint is evaluated, with
    averaged weights where training keeps an average. Each term has the standard error of its estimate; a local
    term is a mean per example, a global one counts once for all of them. Nothing is written, unless `--per-example`
    asks for the numbers of each example.

    \b
    Examples:
      genlab eval ddpm
      genlab eval runs/ddpm-digits/20260101T120000Z-1a2b3c --split validation
      genlab eval vae --per-example bounds.csv
      genlab eval vae-mnist -s 'eval.elbo={use="importance-weighted", samples=5000}'
    """
    if per_example is not None:
        verbs.check_column_file(per_example)
    opened = verbs.open_run(find_run(run), overrides, session.registry())
    with busy(session, f"evaluating on the {split} split"):
        evaluation = verbs.evaluate(opened.assembly, split).as_json()
        if per_example is not None:
            verbs.write_columns(verbs.per_example(opened.assembly, split), per_example)
    if as_json:
        print_json(session, evaluation)
    else:
        session.out.print(ledger_table(evaluation))
