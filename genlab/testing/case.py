"""A case: one check of one subject, and whether it is expected to fail."""

import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from genlab.discovery import RegisteredComponent, Registry, discover
from genlab.errors import GenlabWarning, UsageError
from genlab.interfaces import Part
from genlab.recipe import Recipe, read_recipe
from genlab.recipe.partners import partners_of
from genlab.spelling import did_you_mean
from genlab.testing.catalogue import checks
from genlab.testing.check import Check
from genlab.testing.expectation import EXPECTATIONS, Expectation, expectations_from, never_met
from genlab.testing.kit import with_the_kit
from genlab.testing.selection import components_called
from genlab.testing.setting import Setting, setting_of, shipped_settings
from genlab.testing.subject import Subject

_ABSENT = "no setting: no check recipe names it. Ship one by the hook genlab_check_recipes, or give one with --recipe"
_ABSENT_HERE = "no setting: the recipe given does not name it"


@dataclass(frozen=True)
class Case:
    """One check of one subject.

    Attributes:
        subject: what is checked.
        check: the law.
        expected: why it is expected to fail; None when it must pass.
    """

    subject: Subject
    check: Check
    expected: str | None

    def __str__(self) -> str:
        return f"{self.subject}-{self.check.name}"

    def run(self) -> None:
        """Run the check; torch's global generator is afterwards as it was before.

        Raises:
            AssertionError: when the law is broken.
            CannotRun: when the check does not apply.
        """
        with undisturbed():
            self.check(self.subject)


@dataclass(frozen=True)
class Plan:
    """What is to be run.

    Attributes:
        cases: one for each subject and each check of its slot.
        unchecked: components that stand in no setting, or of whose slot no check speaks, and why.
    """

    cases: tuple[Case, ...]
    unchecked: Mapping[str, str]


def plan(
    names: Sequence[str] = (),
    *,
    registry: Registry | None = None,
    recipes: Iterable[Path | str | Recipe] = (),
    overrides: Sequence[str] = (),
    expected_failures: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
) -> Plan:
    """Find the settings of components, and the checks they must pass.

    Args:
        names: components, plugins or distributions, as `components_called` takes them; by default every component
            that the recipes name.
        registry: where components are looked up; by default all installed plugins'.
        recipes: settings to use instead of those that plugins ship.
        overrides: texts `a.b=c` laid over every recipe, e.g. `accelerator.use=cuda`.
        expected_failures: reasons by the name of a check, or by `slot/name:check`.
        only: names of checks; by default all.

    Raises:
        ComponentError: when a name is unknown.
        RecipeError: when a recipe has faults.
        UsageError: when there is no check of a name in `only`.
    """
    registry = with_the_kit(registry if registry is not None else discover())
    wanted = [component for name in names for component in components_called(name, registry)]
    catalogue = _chosen(checks(registry), only)
    by_hand = [one if isinstance(one, Recipe) else read_recipe(one, overrides) for one in recipes]
    if by_hand:
        settings = tuple(setting_of(recipe, registry) for recipe in by_hand)
    else:
        settings = shipped_settings(registry, wanted or registry.components(), overrides)
    subjects = _subjects(settings, wanted, each=bool(by_hand))
    if not by_hand and not overrides:  # else some recipes of a folder may be left out
        _warn_of_unmet(settings, {subject.setting.name for subject in subjects}, checks(registry))
    more = expectations_from(expected_failures or {})
    cases = [
        Case(subject, check, _expected(subject, check, (*more, *subject.setting.expectations)))
        for subject in subjects
        for check in catalogue
        if check.concerns(subject.slot)
    ]
    absent = _ABSENT_HERE if by_hand else _ABSENT
    return Plan(tuple(cases), _unchecked(wanted, subjects, cases, absent, chosen=bool(only)))


def undisturbed() -> AbstractContextManager[None]:
    """Return a context that leaves torch's global generator as it was."""
    return torch.random.fork_rng(devices=[])


def _chosen(catalogue: tuple[Check, ...], only: Sequence[str]) -> tuple[Check, ...]:
    names = list(dict.fromkeys(check.name for check in catalogue))
    for name in only:
        if name not in names:
            raise UsageError(f"there is no check {name!r}.{did_you_mean(name, names)}")
    return tuple(check for check in catalogue if not only or check.name in only)


def _subjects(settings: Iterable[Setting], wanted: Sequence[RegisteredComponent], *, each: bool) -> tuple[Subject, ...]:
    found = [subject for setting in settings for subject in setting.subjects()]
    if not each:
        found = _without_repetition(found)
    if not wanted:
        return tuple(found)
    order = {component: place for place, component in enumerate(wanted)}
    asked = [subject for subject in found if subject.component in order]
    return tuple(sorted(asked, key=lambda subject: order[subject.component]))


def _without_repetition(subjects: Iterable[Subject]) -> list[Subject]:
    """Leave out what another recipe checks in the same way: the same part, in the same place, among the same parts."""
    found: list[Subject] = []
    seen: dict[tuple[RegisteredComponent, tuple[str, ...]], list[list[Part[Any] | None]]] = {}
    for subject in subjects:
        if subject.path[0] in ("elbo", "eval", "update"):  # these see the whole recipe
            found.append(subject)
            continue
        before = seen.setdefault((subject.component, subject.path), [])
        this = [subject.part, *(subject.setting.checked.parts.get(slot) for slot in _tables_seen(subject))]
        if this not in before:
            before.append(this)
            found.append(subject)
    return found


def _tables_seen(subject: Subject) -> tuple[str, ...]:
    """Return the tables of a recipe that can make a difference to the laws of a subject.

    A source is asked alone, and so is a figure without partners. What is built before the estimator, which is the
    model, the family and what stands in them, does not know which bound it is for; nor does what looks at a fit.
    """
    if subject.slot in ("data", "figure") and not list(partners_of(subject.part.target)):
        return ("data",)
    built = ("data", "accelerator", "model", "family")
    return built if subject.path[0] in ("model", "family", "accelerator") else (*built, "sampler")


def _expected(subject: Subject, check: Check, expectations: Iterable[Expectation]) -> str | None:
    for one in expectations:
        if one.concerns(subject.component_name, subject.setting.name, check.name):
            return one.reason
    return None


def _warn_of_unmet(settings: Sequence[Setting], asked: Collection[str], catalogue: Sequence[Check]) -> None:
    """Warn of expected failures that are about nothing, in the folders of the settings that are asked for."""
    by_folder: dict[Path, list[Setting]] = {}
    for setting in settings:
        if setting.expectations and setting.checked.recipe.path is not None:
            by_folder.setdefault(setting.checked.recipe.path.parent, []).append(setting)
    for folder, together in by_folder.items():
        if any(setting.name in asked for setting in together):
            cases = [
                (subject.component_name, setting.name, check.name)
                for setting in together
                for subject in setting.subjects()
                for check in catalogue
                if check.concerns(subject.slot)
            ]
            for problem in never_met(together[0].expectations, cases, str(folder / EXPECTATIONS)):
                warnings.warn(problem, GenlabWarning, stacklevel=3)


def _unchecked(
    wanted: Iterable[RegisteredComponent],
    subjects: Iterable[Subject],
    cases: Iterable[Case],
    absent: str,
    *,
    chosen: bool,
) -> dict[str, str]:
    standing = {subject.component for subject in subjects}
    checked = {case.subject.component for case in cases}
    reasons = {}
    for component in wanted:
        if component not in standing:
            reasons[f"{component.slot}/{component.name}"] = absent
        elif component not in checked:
            which = "none of the checks asked for speaks" if chosen else "no check speaks"
            reasons[f"{component.slot}/{component.name}"] = f"{which} of the slot {component.slot!r}"
    return reasons
