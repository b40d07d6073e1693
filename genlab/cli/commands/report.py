"""`genlab report`: a run as one page."""

from pathlib import Path

import click

from genlab.cli import verbs
from genlab.cli.completion import complete_run
from genlab.cli.options import verbose_option
from genlab.cli.run_lookup import find_run
from genlab.cli.session import Session, pass_session


@click.command("report")
@click.argument("run", shell_complete=complete_run)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A file ending in .html; by default RUN/report.html. One that is there is replaced.",
)
@verbose_option
@pass_session
def command(session: Session, run: str, out: Path | None) -> None:
    """Write a page about a run, to be shown to others.

    RUN is a run folder, or a recipe's name for its newest run under ./runs. The page is one HTML file that needs
    nothing beside it: the bound term by term, samples, figures, training, recipe, versions, and the commands that make
    it again. It says what the run has written down; nothing is computed anew. The file's path goes to standard output.

    \b
    Examples:
      genlab report ddpm
      genlab report runs/vae/20261121T100000Z-1a2b3c --out vae.html
    """
    session.out.print(str(verbs.write_report(find_run(run), out)), soft_wrap=True)
