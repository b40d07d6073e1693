"""Fit an assembly: the loop every model goes through.

Each step is one call of the update rule. Nothing in a step waits for the device; the device is waited for where a
line is logged. Validation, checkpoints and pictures draw from streams of their own, so looking changes nothing.
"""

import time
from typing import Any

from genlab.assembly.assembly import Assembly
from genlab.discovery.hooks import GuardedHooks
from genlab.errors import NonFiniteError
from genlab.run.evaluate import evaluate
from genlab.run.folder import RunFolder
from genlab.run.interrupt import StopRequest, stop_on_signals
from genlab.run.progress import Progress
from genlab.run.state import TrainingState
from genlab.run.window import LedgerWindow


def fit(
    assembly: Assembly,
    *,
    state: TrainingState | None = None,
    folder: RunFolder | None = None,
    hooks: GuardedHooks | None = None,
    max_time_seconds: float | None = None,
) -> Progress:
    """Train until the steps are done, the update rule has converged, or something asks to stop.

    SIGINT and SIGTERM end the run after the step they come in, with a checkpoint where there is a folder.

    Args:
        assembly: what to fit; its model and family are changed in place.
        state: where to go on from; by default the beginning.
        folder: where to log and keep checkpoints; by default nothing is written.
        hooks: the installed plugins' hooks.
        max_time_seconds: stop at the first step that ends later than this.

    Returns:
        Where the run stands; `status` says why it ended.

    Raises:
        NonFiniteError: when a term of the bound, or the objective, is NaN or infinite.
    """
    state = state or TrainingState(assembly)
    progress = Progress(assembly.name, assembly, folder, state.step, state.step, assembly.train.steps)
    loop = _Loop(state, progress, hooks)
    with stop_on_signals() as request:
        loop.go(request, max_time_seconds)
    return progress


class _Loop:
    """The steps, and what happens every so many of them."""

    def __init__(self, state: TrainingState, progress: Progress, hooks: GuardedHooks | None) -> None:
        self.state, self.progress, self.hooks = state, progress, hooks
        self.assembly = state.assembly
        self.window = LedgerWindow(len(self.assembly.data.train), self.assembly.data.spec)
        train = self.assembly.train
        self.validate_every = train.validate_every or max(1, train.steps // 10)
        self.checkpoint_every = train.checkpoint_every or max(1, train.steps // 5)
        self.window_started = time.perf_counter()
        self.window_first_step = state.step
        self.examples_before = 0

    def go(self, request: StopRequest, max_time_seconds: float | None) -> None:
        """Train to the end, and leave a checkpoint there."""
        self._call("genlab_run_started")
        try:
            self._train(request, max_time_seconds)
        except BaseException:
            self.progress.status = "failed"
            self._call("genlab_run_finished", status="failed")
            raise
        self._save_checkpoint()
        self._call("genlab_run_finished", status=self.progress.status)

    def _train(self, request: StopRequest, max_time_seconds: float | None) -> None:
        progress, update = self.progress, self.assembly.update
        self.assembly.model.train()
        self.assembly.family.train()
        if self.state.step >= progress.steps:
            progress.status, progress.reason = "finished", "all steps were done before"
        while progress.status == "running":
            self.window.add(update.step(self.state.stream, generator=self.state.generator))
            self.state.step += 1
            progress.step = self.state.step
            progress.examples_seen = self.state.stream.examples_read
            self._decide_status(request, max_time_seconds)
            self._look()

    def _decide_status(self, request: StopRequest, max_time_seconds: float | None) -> None:
        progress = self.progress
        if request.signal is not None:
            progress.status, progress.reason = "interrupted", f"signal {request.signal}"
            progress.signal = request.signal
        elif self.assembly.update.stop_reason is not None:
            progress.status, progress.reason = "converged", self.assembly.update.stop_reason
        elif progress.step >= progress.steps:
            progress.status = "finished"
        elif max_time_seconds is not None and time.monotonic() - progress.started >= max_time_seconds:
            progress.status, progress.reason = "time limit", f"{max_time_seconds:g} s have passed"

    def _look(self) -> None:
        """Log, validate and save where it is due."""
        step, ended = self.progress.step, self.progress.status != "running"
        status = self.progress.status
        validating = status in ("finished", "converged") or (
            step % self.validate_every == 0 and status != "interrupted"
        )
        if validating or ended or step % self.assembly.train.log_every == 0:
            self._log(validating=validating)
        if step % self.checkpoint_every == 0 and not ended:
            self._save_checkpoint()
        if self.window.count == 0:
            self.window_started = time.perf_counter()

    def _log(self, *, validating: bool) -> None:
        progress, accelerator = self.progress, self.assembly.accelerator
        accelerator.synchronize()
        seconds = time.perf_counter() - self.window_started
        self.state.elapsed_seconds += seconds
        where = f"steps {self.window_first_step + 1} to {progress.step} of {progress.name}"
        try:
            bound, progress.ledger = self.window.take(where)
        except NonFiniteError as error:
            raise NonFiniteError(f"{error} {self._advice()}") from error
        progress.metrics = {
            "step": progress.step,
            "epoch": progress.step * self.state.stream.batch_size / self.state.stream.num_data,
            "elapsed_seconds": self.state.elapsed_seconds,
            "examples_per_second": (progress.examples_seen - self.examples_before) / seconds,
            "peak_memory_bytes": accelerator.peak_memory_bytes(),
            **bound,
            **(self._validation() if validating else {}),
        }
        self.window_first_step, self.examples_before = progress.step, progress.examples_seen
        if progress.folder is not None:
            progress.folder.add_metrics(progress.metrics)
        self._call("genlab_step_logged", metrics=progress.metrics)

    def _validation(self) -> dict[str, float | None]:
        if not len(self.assembly.data.validation):
            return {}
        count = self.assembly.train.validation_examples
        metrics = evaluate(self.assembly, "validation", max_examples=count).metrics
        names = ("elbo_nats", "elbo_nats_se", "bits_per_dim", "bits_per_dim_se")
        return {f"validation_{name}": metrics[name] for name in names}

    def _advice(self) -> str:
        kept = " The last checkpoint is from before." if self.progress.folder is not None else ""
        return f'Lower update.lr, or set update.clip_norm or accelerator.precision = "float32".{kept}'

    def _save_checkpoint(self) -> None:
        folder = self.progress.folder
        if folder is None:
            return
        path = folder.save_checkpoint(self.progress.step, self.state.state_dict())
        self._call("genlab_checkpoint_saved", path=path)

    def _call(self, hook: str, **arguments: Any) -> None:
        if self.hooks is not None and self.assembly.accelerator.rank == 0:
            self.hooks.call(hook, run=self.progress, **arguments)
