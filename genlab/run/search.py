"""Fit every candidate of a recipe and keep the best.

Each candidate is a complete fit in a run folder of its own, `candidates/<label>/`, so a stopped search goes on where
it was: candidates that ended are not fitted again, and one in the middle goes on from its checkpoint.
"""

import time
from dataclasses import replace
from typing import Any

from genlab.assembly import LoadedData, assemble
from genlab.assembly.assembly import Assembly
from genlab.discovery import Registry
from genlab.errors import CandidatesError, Fault, NonFiniteError, RecipeError
from genlab.recipe import CheckedRecipe, check
from genlab.recipe.candidates import Candidate, candidates_of
from genlab.records.files import write_text
from genlab.run.candidate_row import CandidateRow, evaluated_fields, pick, pick_reason
from genlab.run.fit import fit
from genlab.run.folder import RunFolder
from genlab.run.interrupt import StopRequest, stop_on_signals
from genlab.run.progress import Progress
from genlab.run.record import seeds
from genlab.run.resume import resume
from genlab.run.state import TrainingState

_OF_THE_CANDIDATE = (NonFiniteError, RecipeError, RuntimeError, ValueError, ArithmeticError, MemoryError)
"""What one candidate may fail with while the others go on; anything else would befall them all."""


def has_candidates(checked: CheckedRecipe) -> bool:
    """Whether a recipe stands for several fits."""
    return bool(checked.candidates) or checked.train.restarts > 1


def refuse_common_faults(checked: CheckedRecipe, loaded: LoadedData, registry: Registry) -> None:
    """Raise where no candidate can be assembled: what all of them lack is a fault of the recipe, told once.

    Assembles candidates until one succeeds, which for a sound recipe is the first.

    Args:
        checked: the recipe with candidates.
        loaded: its data.
        registry: the installed plugins.

    Raises:
        RecipeError: with every fault once.
    """
    faults: dict[Fault, None] = {}
    for candidate in candidates_of(checked):
        try:
            _assembled(candidate, loaded, registry)
        except RecipeError as error:
            faults |= dict.fromkeys(error.faults)
        except Exception:  # not the recipe's: it is told when this candidate's turn comes
            return
        else:
            return
    raise RecipeError(checked.title, list(faults))


def _assembled(candidate: Candidate, loaded: LoadedData, registry: Registry) -> tuple[CheckedRecipe, Assembly]:
    """Build a candidate's parts, on the data that all share unless it names other data."""
    checked = check(candidate.recipe, registry)
    shares_data = not any(key.partition(".")[0] in ("data", "accelerator") for key in candidate.values)
    return checked, assemble(checked, registry, loaded=loaded if shares_data else None)


class Search:
    """The fits of one recipe's candidates, in one run folder.

    Attributes:
        progress: where the fit at work stands; None before there is one.
    """

    def __init__(
        self,
        checked: CheckedRecipe,
        loaded: LoadedData,
        registry: Registry,
        folder: RunFolder,
        *,
        max_time_seconds: float | None = None,
    ) -> None:
        """Make one.

        Args:
            checked: the recipe with candidates.
            loaded: its data, which all candidates share.
            registry: the installed plugins.
            folder: the run's folder; what it holds of an earlier search is taken up.
            max_time_seconds: stop at the first step that ends later than this.
        """
        self._checked, self._loaded, self._registry, self._folder = checked, loaded, registry, folder
        self._candidates = candidates_of(checked)
        self._deadline = None if max_time_seconds is None else time.monotonic() + max_time_seconds
        self._max_time_seconds = max_time_seconds
        known = {row["label"]: CandidateRow(**row) for row in folder.record().get("candidates", ())}
        self._rows = [
            known.get(each.label)
            or CandidateRow(label=each.label, values=each.values, restart=each.restart, status="running")
            for each in self._candidates
        ]
        self.progress: Progress | None = None

    def fit(self) -> Progress:
        """Fit what is not fitted yet and take up the best.

        Returns:
            Where the run stands, with the best candidate's assembly; of an interrupted one, with the one at work.

        Raises:
            CandidatesError: when no candidate could be fitted.
        """
        write_text(self._folder.path / "resolved.toml", self._checked.resolved_toml())
        self._folder.update_record(status="running", steps=self._checked.train.steps, reason="", error="")
        with stop_on_signals() as request:
            for index in range(len(self._candidates)):
                if self._is_done(self._rows[index]):
                    continue
                if self._seconds_left() <= 0 and self.progress is not None:
                    break
                self._fit(index, request)
                self._write_down(index)
                if self._rows[index].status == "interrupted":
                    return self._interrupted()
        return self._best()

    def _is_done(self, row: CandidateRow) -> bool:
        enough = row.status == "finished" and row.step >= self._checked.train.steps
        return enough or row.status in ("converged", "failed")

    def _seconds_left(self) -> float:
        return float("inf") if self._deadline is None else self._deadline - time.monotonic()

    def _fit(self, index: int, request: StopRequest) -> None:
        """Fit one candidate, and put what became of it into its row."""
        row, started, step = self._rows[index], time.monotonic(), 0
        try:
            state, folder = self._open(self._candidates[index])
            self.progress = Progress.of(state, folder)
            step = state.step
            left = None if self._deadline is None else max(0.0, self._seconds_left())
            progress = fit(
                state.assembly, state=state, folder=folder, hooks=self._registry.hooks, max_time_seconds=left
            )
            self.progress = progress
            changes: dict[str, Any] = {"status": progress.status, "reason": progress.reason, "step": progress.step}
            if progress.status != "interrupted":
                changes |= evaluated_fields(state.assembly)
            if request.signal is not None:
                progress.status, progress.signal = "interrupted", request.signal
                changes |= {"status": "interrupted", "reason": f"signal {request.signal}"}
        except _OF_THE_CANDIDATE as error:
            said = " ".join(str(error).split()) or type(error).__name__
            changes = {"status": "failed", "error": said, "step": step}
        seconds = row.seconds + time.monotonic() - started
        self._rows[index] = replace(row, **changes, seconds=seconds)

    def _open(self, candidate: Candidate) -> tuple[TrainingState, RunFolder]:
        """Assemble a candidate, from its checkpoint where it has one."""
        checked, state = self._assembled(candidate)
        folder = self._folder.candidate(candidate.label)
        if folder is not None and folder.has_checkpoint():
            resume(checked, state, folder)
            return state, folder
        record = self._folder.record() | {
            "name": checked.name,
            "seeds": seeds(checked.seed),
            "candidate": {"values": dict(candidate.values), "restart": candidate.restart},
        }
        for key in ("candidates", "picked", "picked_because"):
            record.pop(key, None)
        return state, self._folder.create_candidate(candidate.label, checked.resolved_toml(), record)

    def _assembled(self, candidate: Candidate) -> tuple[CheckedRecipe, TrainingState]:
        checked, assembly = _assembled(candidate, self._loaded, self._registry)
        return checked, TrainingState(assembly)

    def _write_down(self, index: int) -> None:
        """Put the rows into `run.json`, with the best so far, and tell the plugins of the newest."""
        row, best = self._rows[index], pick(self._rows)
        folder = self._folder.candidate(row.label)
        if folder is not None:
            folder.update_record(status=row.status, step=row.step, reason=row.reason, error=row.error)
        rows = [each.as_json() for each in self._rows]
        picked = {} if best is None else {"picked": best.label, "picked_because": pick_reason(self._rows)}
        self._folder.update_record(candidates=rows, step=row.step, **picked)
        self._folder.log(f"candidate {row.label}: {row.status} at step {row.step} {row.error}".rstrip())
        self._registry.hooks.call(
            "genlab_candidate_finished", candidate=row.as_json(), number=index + 1, count=len(self._rows)
        )

    def _interrupted(self) -> Progress:
        progress = self.progress
        assert progress is not None, "what was interrupted has begun"
        progress.folder = self._folder
        return progress

    def _best(self) -> Progress:
        """Return the run as the best candidate stands."""
        best = pick(self._rows)
        if best is None:
            first = next(row for row in self._rows if row.status == "failed")
            raise CandidatesError(
                f"at least one candidate must be fitted, and all {len(self._rows)} failed. The first "
                f"({first.words}): {first.error}"
            )
        folder = self._folder.candidate(best.label)
        assert folder is not None, "a candidate with a bound has a folder"
        _, state = self._assembled(next(each for each in self._candidates if each.label == best.label))
        state.load_state_dict(folder.load_checkpoint())
        lines = folder.path / "metrics.jsonl"
        if lines.exists():
            write_text(self._folder.path / "metrics.jsonl", lines.read_text(encoding="utf-8"))
        progress = Progress.of(state, self._folder)
        progress.name, progress.status, progress.reason = self._checked.name, best.status, best.reason
        progress.metrics = next(iter(folder.metrics()[-1:]), {})
        tried = sum(row.status != "running" for row in self._rows)
        if tried < len(self._rows) or best.status == "time limit":
            progress.status = "time limit"
            progress.reason = f"{self._max_time_seconds:g} s have passed, {tried} of {len(self._rows)} candidates begun"
        self.progress = progress
        return progress
