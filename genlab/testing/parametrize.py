"""Checks as tests: a decorator for pytest that makes one test of each subject and check."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from genlab.discovery import Registry
from genlab.recipe import Recipe
from genlab.testing.case import Case, plan, undisturbed
from genlab.testing.check import CannotRun
from genlab.testing.subject import Subject

F = TypeVar("F", bound=Callable[..., None])


class _PytestCheck:
    """A check that skips the test where it cannot run."""

    def __init__(self, case: Case) -> None:
        self._case = case

    def __call__(self, subject: Subject) -> None:
        try:
            with undisturbed():
                self._case.check(subject)
        except CannotRun as reason:
            pytest.skip(str(reason))

    def __repr__(self) -> str:
        return self._case.check.name


def parametrize_with_checks(
    *names: str,
    registry: Registry | None = None,
    recipes: Iterable[Path | str | Recipe] = (),
    overrides: Sequence[str] = (),
    expected_failures: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
) -> Callable[[F], F]:
    """Make one test of each subject and check, as a decorator of a test that takes `subject` and `check`.

    The test's body is `check(subject)`. A test's id is `model/flow[flow-small]-log_joint_is_finite`. A check that
    cannot run skips its test with the reason; one that is expected to fail is a strict xfail. A component that stands
    in no setting is one test, skipped.

    Args:
        names, registry, recipes, overrides, expected_failures, only: as in `run_checks`.
    """
    planned = plan(
        names,
        registry=registry,
        recipes=recipes,
        overrides=overrides,
        expected_failures=expected_failures,
        only=only,
    )
    cases = [
        pytest.param(
            case.subject,
            _PytestCheck(case),
            id=str(case),
            marks=() if case.expected is None else pytest.mark.xfail(reason=case.expected, strict=True),
        )
        for case in planned.cases
    ]
    cases += [
        pytest.param(None, None, id=f"{component}-no_check", marks=pytest.mark.skip(reason=reason))
        for component, reason in planned.unchecked.items()
    ]

    def decorate(test: F) -> F:
        marked: F = pytest.mark.parametrize(("subject", "check"), cases)(test)
        return marked

    return decorate
