"""`genlab check`: whether components keep the laws of their interfaces."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.text import Text

from genlab.cli import verbs
from genlab.cli.documents import print_json
from genlab.cli.options import json_option, override_option
from genlab.cli.session import Session, pass_session
from genlab.errors import ComponentError

if TYPE_CHECKING:
    from genlab.testing import CheckReport, CheckResult

_STYLES = {"passed": "green", "failed": "red", "error": "red", "expected failure": "yellow", "skipped": "dim"}


@click.command("check")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--recipe",
    "recipes",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Check in this recipe instead of those that plugins ship. Repeatable.",
)
@click.option("--only", multiple=True, metavar="CHECK", help="Run this check only. Repeatable.")
@override_option
@json_option
@click.pass_context
@pass_session
def command(
    session: Session,
    ctx: click.Context,
    names: tuple[str, ...],
    recipes: tuple[Path, ...],
    only: tuple[str, ...],
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Check components against the laws of their interfaces.

    NAME is a component, `model/vae` or `sampler/ddim`, or a plugin or a distribution for all it offers. Where several
    plugins offer the same, `vae:sampler/ancestral` is one plugin's. A component is checked in each small recipe that
    names it and that a plugin ships for this purpose, or in the recipes given with --recipe; then NAME may be left out,
    and every component they name is checked.

    Each failure comes with the smallest counterexample that was found, and with the law it breaks; an error in a
    component comes with the line it was raised at, and a check that cannot run says why. Checks
    are the same every time. The exit code is 0 when none failed, 1 when one did, 4 when NAME is unknown. It needs
    hypothesis: `pip install 'genlab[test]'`.

    \b
    Examples:
      genlab check vae                          every component of the plugin
      genlab check model/vae family/diagonal-gaussian
      genlab check elbo/denoising --only terms_sum_to_the_elbo
      genlab check vae -s accelerator.use=cuda
    """
    if not names and not recipes:
        raise click.UsageError("give a NAME, or a recipe with --recipe.", ctx)
    screen = _Screen(session)
    try:
        report = verbs.run_checks(
            *names,
            registry=session.registry(),
            recipes=recipes,
            overrides=overrides,
            only=only,
            on_result=None if as_json else screen.note,
        )
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        raise ComponentError(
            "`genlab check` needs the package 'hypothesis', which is not installed. Run pip install 'genlab[test]'."
        ) from error
    if as_json:
        print_json(session, report.document())
    else:
        screen.close(report)
    ctx.exit(0 if report.passed else 1)


class _Screen:
    """Prints the results of one subject together, as soon as they are there."""

    def __init__(self, session: Session) -> None:
        self._out = session.out
        self._waiting: list[CheckResult] = []
        self._told: set[str] = set()

    def note(self, result: "CheckResult") -> None:
        if self._waiting and self._waiting[0].subject != result.subject:
            self._flush()
        self._waiting.append(result)

    def close(self, report: "CheckReport") -> None:
        self._flush()
        counts = ", ".join(f"{number} {outcome}" for outcome, number in report.counts.items() if number)
        verdict = Text("\n").append(
            "passed" if report.passed else "failed", "bold green" if report.passed else "bold red"
        )
        self._out.print(verdict.append(f": {counts or 'nothing to check'}.", "not bold default"), soft_wrap=True)

    def _flush(self) -> None:
        if not self._waiting:
            return
        results, self._waiting = self._waiting, []
        self._out.print(Text(results[0].subject, "bold").append(f"  {_counted(results)}", "not bold"), soft_wrap=True)
        raised: dict[str, list[CheckResult]] = {}
        for result in results:
            if result.outcome == "error":
                raised.setdefault(result.reason.partition("\n")[0], []).append(result)
            elif result.outcome != "passed":
                self._print(result)
        for first, *others in raised.values():
            self._print(first)
            if others:
                names = ", ".join(result.check for result in others)
                self._out.print(f"      and {len(others)} more checks ended in the same: {names}", soft_wrap=True)

    def _print(self, result: "CheckResult") -> None:
        first, *rest = [line for line in result.reason.splitlines() if line.strip()] or [""]
        line = Text("  ").append(result.outcome, _STYLES[result.outcome])
        named = f" {result.check}: " if result.check else ": "
        self._out.print(line.append(f"{named}{first}"), soft_wrap=True)
        for more in rest:
            self._out.print(f"      {more}", soft_wrap=True, markup=False)
        if result.law and result.check not in self._told:
            self._told.add(result.check)
            self._out.print(Text(f"      The law: {result.law}", "dim"), soft_wrap=True)


def _counted(results: Iterable["CheckResult"]) -> str:
    counts = Counter(result.outcome for result in results)
    return ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
