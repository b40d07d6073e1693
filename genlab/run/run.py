"""Run a recipe: assemble, fit (every candidate), evaluate, draw, and leave a run folder."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from genlab.assembly import LoadedData, assemble, load_data
from genlab.assembly.assembly import Assembly
from genlab.discovery import Registry, discover
from genlab.errors import UsageError
from genlab.interfaces import Draws
from genlab.recipe import CheckedRecipe, Recipe, check
from genlab.run import warm_start
from genlab.run.draw import draw, save_draws
from genlab.run.evaluate import diagnosis_of, evaluate
from genlab.run.figures import draw_figures
from genlab.run.fit import fit
from genlab.run.folder import RunFolder
from genlab.run.infer import can_infer
from genlab.run.interrupt import stop_on_signals
from genlab.run.plugin_files import plugin_files_of
from genlab.run.processes import joined_processes, tell
from genlab.run.progress import Progress, Status
from genlab.run.record import initial_record
from genlab.run.resume import check_resumable
from genlab.run.resume import resume as go_on
from genlab.run.search import Search, has_candidates, refuse_common_faults
from genlab.run.state import TrainingState

NUM_SAMPLES = 64


@dataclass(frozen=True)
class RunResult:
    """How a run ended.

    Attributes:
        folder: the run folder.
        status: `finished`, `converged`, `interrupted` or `time limit`.
        reason: why, in words; empty when all steps were done.
        step: how many steps it has been trained.
        metrics: the last logged line, and the bound on the test split under `test_...`.
        signal: the signal that interrupted it, or None.
    """

    folder: Path
    status: Status
    reason: str
    step: int
    metrics: dict[str, float | int | None]
    signal: int | None


@joined_processes()
def run(
    recipe: Recipe,
    *,
    out: Path | None = None,
    resume: Path | None = None,
    start_from: Path | None = None,
    prior_from: Path | None = None,
    max_time_seconds: float | None = None,
    registry: Registry | None = None,
) -> RunResult:
    """Fit a recipe and leave a run folder that can be evaluated, sampled from and resumed.

    Of the processes that torchrun started, all must call it, and the first one leaves the folder.

    Args:
        recipe: what to run.
        out: where runs are kept; by default `runs` in the working directory.
        resume: a run folder of the same recipe to go on with; `train` and `eval` may have changed.
        start_from: another run, whose parameters this one begins with.
        prior_from: another run, whose posterior is this one's prior, for models that can take one.
        max_time_seconds: stop training at the first step that ends later than this.
        registry: the installed plugins; by default they are discovered.

    Raises:
        GenlabError: of the kind that says what went wrong; the run folder keeps what was done.
    """
    registry = registry or discover()
    with nullcontext() if resume is None else plugin_files_of(RunFolder(resume), registry):
        checked = check(recipe, registry)
    if resume is not None:
        check_resumable(checked, RunFolder(resume))
    if has_candidates(checked) and torch.distributed.is_initialized():
        raise UsageError("a recipe with candidates or restarts must run on one process, got more. Start it alone.")
    loaded = load_data(checked)
    state = None if has_candidates(checked) else TrainingState(assemble(checked, registry, loaded=loaded))
    if state is None and resume is None:
        refuse_common_faults(checked, loaded, registry)
    origin = _begin(checked, state, start_from, prior_from, resume)
    if state is not None and not loaded.accelerator.leads:
        return _follow(state, resume, max_time_seconds)
    folder = RunFolder(resume) if resume is not None else _create(recipe, checked, loaded, registry, out)
    if origin:
        folder.update_record(**origin)
    tell(str(folder.path))
    with folder.locked():
        if state is None:
            search = Search(checked, loaded, registry, folder, max_time_seconds=max_time_seconds)
            return _go(search.fit, lambda: search.progress, registry, folder)
        if resume is not None:
            go_on(checked, state, folder)
        training = partial(
            fit, state.assembly, state=state, folder=folder, hooks=registry.hooks, max_time_seconds=max_time_seconds
        )
        return _go(training, partial(Progress.of, state, folder), registry, folder)


def _begin(
    checked: CheckedRecipe,
    state: TrainingState | None,
    start_from: Path | None,
    prior_from: Path | None,
    resume: Path | None,
) -> dict[str, Any]:
    """Begin where another run ended, if that is asked for, and return what `run.json` says of it."""
    if start_from is None and prior_from is None:
        return {}
    if sum(given is not None for given in (start_from, prior_from, resume)) > 1:
        raise UsageError("a run must be resumed, start from another or take its prior from one, got several. Give one.")
    if state is None:
        raise UsageError("a recipe with candidates or restarts must begin by itself, got a run to begin from.")
    if start_from is not None:
        return {"start_from": warm_start.start_from(checked, state, RunFolder(start_from))}
    assert prior_from is not None, "one of the two is given"
    return {"prior_from": warm_start.prior_from(state, RunFolder(prior_from))}


def _go(
    train: Callable[[], Progress], standing: Callable[[], Progress | None], registry: Registry, folder: RunFolder
) -> RunResult:
    """Train, evaluate and draw; the folder says how it went, whatever happens.

    Args:
        train: fits, and returns how it ended.
        standing: returns where a fit that fails stands; None where it had not begun.
        registry: the installed plugins.
        folder: the run's folder.
    """
    try:
        progress = train()
        metrics = _finish(progress.assembly, registry, folder, progress)
    except BaseException as error:
        status: Status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        folder.log(f"{status}: {error!r}")
        stood = standing()
        folder.update_record(status=status, step=stood.step if stood else 0, error=str(error))
        if stood is not None:
            _tell_finished(registry, stood, status)
        raise
    folder.log(f"{progress.status} at step {progress.step}")
    _tell_finished(registry, progress, progress.status)
    return RunResult(folder.path, progress.status, progress.reason, progress.step, metrics, progress.signal)


def _follow(state: TrainingState, resume: Path | None, max_time_seconds: float | None) -> RunResult:
    """Train beside the process that leads, writing nothing."""
    path = Path(tell(""))
    if resume is not None:
        state.load_state_dict(RunFolder(resume).load_checkpoint())
    progress = fit(state.assembly, state=state, max_time_seconds=max_time_seconds)
    return RunResult(path, progress.status, progress.reason, progress.step, progress.metrics, progress.signal)


def _tell_finished(registry: Registry, progress: Progress, status: Status) -> None:
    progress.status = status
    registry.hooks.call("genlab_run_finished", run=progress, status=status)


def _create(
    recipe: Recipe, checked: CheckedRecipe, loaded: LoadedData, registry: Registry, out: Path | None
) -> RunFolder:
    recipe_folder = recipe.path.parent if recipe.path else None
    record = initial_record(checked, loaded, registry, recipe_folder)
    folder = RunFolder.create(out or Path("runs"), checked.name, recipe.text, checked.resolved_toml(), record)
    folder.log(f"started on {loaded.accelerator.describe()}")
    return folder


def _finish(
    assembly: Assembly, registry: Registry, folder: RunFolder, progress: Progress
) -> dict[str, float | int | None]:
    """Evaluate, draw and picture a run that was not interrupted, and write down how it ended."""
    logged = progress.metrics or next(iter(folder.metrics()[-1:]), {})  # no step was made: it is as it was
    metrics, evaluation = dict(logged), None
    with stop_on_signals() as request:
        if progress.status != "interrupted" and len(assembly.data.test):
            evaluation = evaluate(assembly, "test")
            metrics |= {f"test_{name}": value for name, value in evaluation.metrics.items()}
        if progress.status != "interrupted" and request.signal is None:
            draw_figures(assembly, registry, folder, _save_samples(assembly, folder, progress.step))
        if request.signal is not None:
            progress.status, progress.signal = "interrupted", request.signal
            progress.reason = f"signal {request.signal} after the last step"
    record: dict[str, Any] = {"status": progress.status, "step": progress.step, "metrics": metrics}
    if progress.reason:
        record["reason"] = progress.reason
    if progress.status != "interrupted":
        found = diagnosis_of(assembly, "train") if evaluation is None else evaluation
        record |= {"remarks": found.remarks, "can_infer": can_infer(assembly)}
    if evaluation is not None:
        record["test"] = evaluation.as_json()
    folder.update_record(**record)
    return metrics


def _save_samples(assembly: Assembly, folder: RunFolder, step: int) -> Draws | None:
    if assembly.sampler is None:
        return None
    draws = draw(assembly, NUM_SAMPLES)
    suffix = "png" if assembly.data.spec.is_image else "npz"
    save_draws(draws, assembly.data.spec, folder.path / "samples" / f"step-{step}.{suffix}")
    return draws
