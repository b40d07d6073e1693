"""`genlab`: the group of commands and the entry point."""

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

import click

from genlab.cli.failure import report_failure
from genlab.cli.lazy_group import LazyCommand, LazyGroup
from genlab.cli.plugin_options import plugin_options
from genlab.cli.session import Session, pass_session
from genlab.errors import GenlabWarning
from genlab.version import installed_version

_IN = "genlab.cli.commands"
COMMANDS = {
    "run": LazyCommand(f"{_IN}.run:command", "Fit what a recipe names, and leave a run folder."),
    "eval": LazyCommand(f"{_IN}.eval:command", "Evaluate a run's bound on held-out data, term by term."),
    "infer": LazyCommand(f"{_IN}.infer:command", "Say what a run's posterior says, of everything and of each x."),
    "sample": LazyCommand(f"{_IN}.sample:command", "Draw new observations from a run."),
    "reconstruct": LazyCommand(
        f"{_IN}.reconstruct:command", "Lead observations to their latents, and from there to x again."
    ),
    "score": LazyCommand(f"{_IN}.score:command", "Say how good a run's draws are, beside what real data score."),
    "runs": LazyCommand(f"{_IN}.runs:command", "List the runs so far, oldest first."),
    "compare": LazyCommand(
        f"{_IN}.compare:command",
        "Put runs side by side: their bounds, term by term, and what differs in their recipes.",
    ),
    "report": LazyCommand(f"{_IN}.report:command", "Write a page about a run, to be shown to others."),
    "recipes": LazyCommand(f"{_IN}.recipes:command", "List the recipes that ship with genlab and its plugins."),
    "validate": LazyCommand(f"{_IN}.validate:command", "Check recipes without running them."),
    "show": LazyCommand(f"{_IN}.show:command", "Print a recipe with every default filled in."),
    "components": LazyCommand(f"{_IN}.components:command", "List what a recipe can name, and the keys it takes."),
    "check": LazyCommand(f"{_IN}.check:command", "Check components against the laws of their interfaces."),
    "schema": LazyCommand(f"{_IN}.schema:command", "Write a JSON Schema of recipes, for editors."),
    "new": LazyCommand(f"{_IN}.new:command", "Write the files of a new plugin."),
    "plugins": LazyCommand(f"{_IN}.plugins:command", "List the installed plugins and their state."),
    "env": LazyCommand(f"{_IN}.env:command", "Print versions, devices, folders, and what plugins add."),
}

EPILOG = """\b
A first session:
  genlab recipes                     what ships with genlab
  genlab run ddpm                    fit one; the run folder is printed
  genlab eval ddpm                   its bound on held-out data
  genlab sample ddpm -n 64           new digits

\b
Completion of commands and options, for bash (zsh and fish alike):
  eval "$(_GENLAB_COMPLETE=bash_source genlab)"

Exit codes: 0 done, 1 failed, 2 usage, 3 recipe invalid, 4 component or plugin unavailable, 5 device unavailable,
130 or 143 interrupted with a checkpoint saved."""


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    epilog=EPILOG,
    everywhere=plugin_options(hidden=True),
    params=plugin_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(installed_version(), message="genlab %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Say more: checkpoints, where an error happened.")
@pass_session
def cli(session: Session, verbose: bool) -> None:
    """Fit latent-variable generative models from recipes.

    A recipe is a TOML file that names data, a model p(x, z), a family of posteriors q(z given x) and an estimator
    of the bound E_q[log p(x, z) - log q(z given x)]. `genlab run` fits it and leaves a folder; the other commands
    look at recipes, at components or at such folders.

    The options that choose plugins may stand behind the name of any command too.
    """
    session.verbose = session.verbose or verbose


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; the console script `genlab`.

    Args:
        argv: the arguments; by default those of the process.
    """
    session = Session()
    with _printed_warnings(session):
        try:
            code = cli.main(argv, prog_name="genlab", obj=session, standalone_mode=False)
            sys.stdout.flush()
        except Exception as failure:
            code = report_failure(failure, session)
        except KeyboardInterrupt as interruption:
            code = report_failure(interruption, session)
    return int(code or 0)


@contextmanager
def _printed_warnings(session: Session) -> Iterator[None]:
    """Print each `GenlabWarning` once, as one line; other warnings go where they always go."""
    with warnings.catch_warnings():
        otherwise = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, GenlabWarning):
                if not session.leads:
                    return
                session.err.print(f"warning: {message}", style="yellow", soft_wrap=True)
            else:
                otherwise(message, category, filename, lineno, file, line)

        warnings.showwarning = show
        warnings.simplefilter("once", GenlabWarning)
        yield
