"""Failures that are expected, with the reason: `expected-failures.toml` beside check recipes.

    [[expected]]
    check = "log_joint_is_finite"
    component = "model/my-model"       # any component, where it is left out
    setting = "my-recipe"              # any recipe of the folder, where it is left out
    reason = "x = 0 has no density"

A check that is expected to fail and passes is a failure: the line has to go.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genlab.errors import Fault, RecipeError
from genlab.spelling import did_you_mean

EXPECTATIONS = "expected-failures.toml"
_KEYS = {"check": True, "reason": True, "component": False, "setting": False}


@dataclass(frozen=True)
class Expectation:
    """A check that is expected to fail.

    Attributes:
        check: the check's name.
        reason: why.
        component: `slot/name`; empty for any.
        setting: the recipe's name; empty for any.
    """

    check: str
    reason: str
    component: str = ""
    setting: str = ""

    def concerns(self, component: str, setting: str, check: str) -> bool:
        """Whether it is about one check of one component in one setting."""
        return check == self.check and self.component in ("", component) and self.setting in ("", setting)


def expectations_from(failures: Mapping[str, str]) -> tuple[Expectation, ...]:
    """Return expectations from reasons by a check's name, or by `slot/name:check`.

    >>> expectations_from({"model/toy:log_joint_is_finite": "no density at 0"})[0].component
    'model/toy'
    """
    split = [(name.rpartition(":"), reason) for name, reason in failures.items()]
    return tuple(Expectation(check, reason, component) for (component, _, check), reason in split)


def read_expectations(path: Path) -> tuple[Expectation, ...]:
    """Read a file of expected failures.

    Raises:
        RecipeError: when it is no TOML, or an entry lacks a key or has another.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(str(path), [Fault(path.name, "", f"this is not valid TOML: {error}.")]) from error
    entries = document.get("expected", [])
    faults = [_fault(path, f"unknown table {name!r}; write [[expected]].") for name in document if name != "expected"]
    for number, entry in enumerate(entries, start=1):
        faults += [_fault(path, f"entry {number} {problem}") for problem in _problems(entry)]
    if faults:
        raise RecipeError(str(path), faults)
    return tuple(Expectation(**entry) for entry in entries)


def never_met(expectations: Iterable[Expectation], cases: Sequence[tuple[str, str, str]], what: str) -> Iterator[str]:
    """Yield, in words, each expectation that is about nothing there is.

    Args:
        expectations: of one file.
        cases: component, setting and check of everything that can be checked there.
        what: the file.
    """
    for one in dict.fromkeys(expectations):
        if any(one.concerns(*case) for case in cases):
            continue
        hint = ""
        for name, known in zip(
            (one.component, one.setting, one.check), map(set, zip(*cases, strict=True)), strict=True
        ):
            if name and name not in known:
                hint = f" There is no {name!r} here.{did_you_mean(name, known)}"
                break
        place = "".join(f" {word} {name}" for word, name in (("of", one.component), ("in", one.setting)) if name)
        yield f"{what} expects {one.check} to fail{place}, and no check is that.{hint} Mend the line or take it away."


def _problems(entry: Mapping[str, Any]) -> list[str]:
    missing = [f"must have {key!r}." for key, required in _KEYS.items() if required and key not in entry]
    unknown = [f"has an unknown key {key!r}; it takes {', '.join(_KEYS)}." for key in entry if key not in _KEYS]
    strange = [
        f"must have a text for {key!r}, got {value!r}." for key, value in entry.items() if type(value) is not str
    ]
    return missing + unknown + strange


def _fault(path: Path, problem: str) -> Fault:
    return Fault(path.name, "", problem)
