"""Running checks and reporting what became of each."""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from hypothesis.configuration import set_hypothesis_home_dir

from genlab.discovery import Registry
from genlab.recipe import Recipe
from genlab.testing.case import Case, plan
from genlab.testing.check import CannotRun
from genlab.testing.report import CheckReport, CheckResult, Outcome


def run_checks(
    *names: str,
    registry: Registry | None = None,
    recipes: Iterable[Path | str | Recipe] = (),
    overrides: Sequence[str] = (),
    expected_failures: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    on_result: Callable[[CheckResult], None] | None = None,
) -> CheckReport:
    """Check components against the laws of their slots.

    Args:
        names: components (`model/vae`, or `vae` in whatever slot), or plugins or distributions for all they offer; by
            default every component that the recipes name.
        registry: where components are looked up; by default all installed plugins'.
        recipes: settings to use instead of those that plugins ship.
        overrides: texts `a.b=c` laid over every recipe, e.g. `accelerator.use=cuda`.
        expected_failures: reasons by the name of a check, or by `slot/name:check`.
        only: names of checks to run; by default all.
        on_result: called with each result as soon as it is there.

    Raises:
        ComponentError: when a name is unknown.
        RecipeError: when a recipe has faults.
        UsageError: when there is no check of a name in `only`.
    """
    planned = plan(
        names,
        registry=registry,
        recipes=recipes,
        overrides=overrides,
        expected_failures=expected_failures,
        only=only,
    )
    results: list[CheckResult] = []

    def note(result: CheckResult) -> None:
        results.append(result)
        if on_result is not None:
            on_result(result)

    with _nothing_written():
        for case in planned.cases:
            note(_result(case))
    for component, reason in planned.unchecked.items():
        note(CheckResult(component, "", "", "skipped", reason))
    return CheckReport(tuple(results))


@contextmanager
def _nothing_written() -> Iterator[None]:
    """Keep hypothesis from leaving a folder in the user's."""
    with tempfile.TemporaryDirectory() as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


def _result(case: Case) -> CheckResult:
    start = time.perf_counter()
    outcome, reason = _outcome(case)
    seconds = time.perf_counter() - start
    subject = case.subject
    return CheckResult(subject.component_name, subject.setting_name, case.check.name, outcome, reason, seconds)


def _outcome(case: Case) -> tuple[Outcome, str]:
    try:
        case.run()
    except CannotRun as reason:
        return "skipped", str(reason)
    except AssertionError as failure:
        return ("failed", _told(failure)) if case.expected is None else ("expected failure", case.expected)
    except Exception as error:
        said = f"{type(error).__name__}: {_told(error)}"
        return ("error", said) if case.expected is None else ("expected failure", case.expected)
    if case.expected is None:
        return "passed", ""
    return "failed", f"it passed, and was expected to fail ({case.expected}). Take the expectation away."


def _told(error: BaseException) -> str:
    """Return an exception's message, with the example that hypothesis adds as a note."""
    return "\n".join([str(error), *getattr(error, "__notes__", ())]).strip()
