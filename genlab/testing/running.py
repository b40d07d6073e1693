"""Running checks and reporting what became of each."""

import os
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import torch
from hypothesis.configuration import set_hypothesis_home_dir

import genlab
from genlab.discovery import Registry
from genlab.recipe import Recipe
from genlab.testing.case import Case, plan
from genlab.testing.check import CannotRun
from genlab.testing.report import CheckReport, CheckResult, Outcome

_FOREIGN = (
    "<",
    *(
        str(Path(place).resolve().parent) + os.sep
        for place in (genlab.__file__, torch.__file__, hypothesis.__file__, os.__file__)
    ),
)
"""Where lines stand that the author of a component did not write."""


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
    who = (subject.component_name, subject.setting_name, case.check.name)
    law = f"{case.check.demands} {case.check.reading}".strip() if outcome == "failed" else ""
    return CheckResult(*who, outcome, reason, seconds, law)


def _outcome(case: Case) -> tuple[Outcome, str]:
    try:
        case.run()
    except CannotRun as reason:
        return "skipped", str(reason)
    except AssertionError as failure:
        return ("failed", _told(failure)) if case.expected is None else ("expected failure", case.expected)
    except Exception as error:
        said = f"{type(error).__name__}: {_told(error)}{_place(error)}"
        return ("error", said) if case.expected is None else ("expected failure", case.expected)
    if case.expected is None:
        return "passed", ""
    return "failed", f"it passed, and was expected to fail ({case.expected}). Take the expectation away."


def _place(error: BaseException) -> str:
    """Return the deepest line of the traceback that is the component's own; nothing where none is."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_FOREIGN)]
    if not frames:
        return ""
    return f"\nat {os.path.relpath(frames[-1].filename)}:{frames[-1].lineno}, in {frames[-1].name}: {frames[-1].line}"


def _told(error: BaseException) -> str:
    """Return an exception's message, with the example that hypothesis adds as a note."""
    return "\n".join([str(error), *getattr(error, "__notes__", ())]).strip()
