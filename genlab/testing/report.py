"""The report: what became of each check of each component."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["passed", "failed", "error", "expected failure", "skipped"]
OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "error", "expected failure", "skipped")


@dataclass(frozen=True)
class CheckResult:
    """What became of one check.

    Attributes:
        component: `slot/name`.
        setting: the recipe it was checked in; empty where there was none.
        check: the check's name; empty where none was run.
        outcome: `failed` when the law is broken, `error` when the component raised something else, `expected failure`
            when it failed as it was said to, `skipped` when the check could not run.
        reason: the counterexample, or why it could not run; empty when it passed.
        seconds: how long it took.
        law: where it failed, what the check demands and how to read its failure.
    """

    component: str
    setting: str
    check: str
    outcome: Outcome
    reason: str = ""
    seconds: float = 0.0
    law: str = ""

    @property
    def subject(self) -> str:
        """The component and its setting: `model/vae[vae-bernoulli]`."""
        return f"{self.component}[{self.setting}]" if self.setting else self.component


@dataclass(frozen=True)
class CheckReport:
    """All results of one call of `run_checks`."""

    results: tuple[CheckResult, ...]

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many results there are of each outcome."""
        found = Counter(result.outcome for result in self.results)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """The results that are `failed` or `error`."""
        return tuple(result for result in self.results if result.outcome in ("failed", "error"))

    @property
    def passed(self) -> bool:
        """Whether nothing failed that was not expected to."""
        return not self.failures

    def document(self) -> dict[str, Any]:
        """Return the report as JSON has it: `passed`, `counts`, and one object for each result."""
        return {
            "passed": self.passed,
            "counts": {outcome.replace(" ", "_"): count for outcome, count in self.counts.items()},
            "results": [{**vars(result), "outcome": result.outcome.replace(" ", "_")} for result in self.results],
        }
