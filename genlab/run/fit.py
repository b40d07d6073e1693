"""Fit an assembly: the loop every model goes through.

Each step is one call of the update rule. Nothing in a step waits for the device; the device is waited for where a
line is logged. Validation, checkpoints and pictures draw from streams of their own, so looking changes nothing.
"""

import time
from typing import Any

from genlab.assembly.assembly import Assembly
from genlab.discovery.hooks import GuardedHooks
from genlab.errors import NonFiniteError
from genlab.run.evaluate import bound_name, evaluate
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
        hooks: the installed plugins' hooks; `genlab_run_finished` is left to whoever finishes the run.
        max_time_seconds: stop at the first step that ends later than this.

    Returns:
        Where the run stands; `status` says why it ended.

    Raises:
        NonFiniteError: when a term of the bound, or the objective, is NaN or infinite.
    """
    state = state or TrainingState(assembly)
    progress = Progress.of(state, folder)
    loop = _Loop(state, progress, hooks)
    with stop_on_signals() as request:
        loop.go(request, max_time_seconds)
    return progress


class _Loop:
    """The steps, and what happens every so many of them."""

    def __init__(self, state: TrainingState, progress: Progress, hooks: GuardedHooks | None) -> None:
        self.state, self.progress, self.hooks = state, progress, hooks
        self.assembly = state.assembly
        data, accelerator = self.assembly.data, self.assembly.accelerator
        self.window = LedgerWindow(len(data.train), data.spec, accelerator, state.stream.share)
        train = self.assembly.train
        self.validate_every = train.validate_every or max(1, train.steps // 10)
        self.checkpoint_every = train.checkpoint_every or max(1, train.steps // 5)
        self.window_started = time.perf_counter()
        self.window_first_step = state.step
        self.examples_before = self.examples_at_start = state.stream.examples_read
        # All processes take part in a checkpoint, one writes it.
        self.keeps_checkpoints = accelerator.largest(int(progress.folder is not None)) == [1]
        self.saved_step = state.step if self.keeps_checkpoints and state.step else -1

    def go(self, request: StopRequest, max_time_seconds: float | None) -> None:
        """Train to the end, and leave a checkpoint there."""
        self._call("genlab_run_started")
        try:
            self._train(request, max_time_seconds)
            if self.progress.step != self.saved_step:
                self._save_checkpoint()
        except BaseException as error:
            self.progress.status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            raise
        finally:
            self._call("genlab_training_finished", status=self.progress.status)

    def _train(self, request: StopRequest, max_time_seconds: float | None) -> None:
        progress, update = self.progress, self.assembly.update
        self.assembly.model.train()
        self.assembly.family.train()
        if update.stop_reason is not None:
            progress.status, progress.reason = "converged", update.stop_reason
        elif self.state.step >= progress.steps:
            progress.status, progress.reason = "finished", "all steps were done before"
        while progress.status == "running":
            self.assembly.elbo.begin_step(self.state.step)
            self.window.add(update.step(self.state.stream, generator=self.state.generator))
            self.state.step += 1
            progress.step = self.state.step
            progress.examples_seen = self.state.stream.examples_read - self.examples_at_start
            self._decide_status(request, max_time_seconds)
            self._look()
        signal, _ = self._agreed(request, None)
        if signal:  # it may have come while the last step was validated
            self._interrupt(signal)

    def _decide_status(self, request: StopRequest, max_time_seconds: float | None) -> None:
        progress = self.progress
        signal, late = self._agreed(request, max_time_seconds)
        if signal:
            self._interrupt(signal)
        elif self.assembly.update.stop_reason is not None:
            progress.status, progress.reason = "converged", self.assembly.update.stop_reason
        elif progress.step >= progress.steps:
            progress.status = "finished"
        elif late:
            progress.status, progress.reason = "time limit", f"{max_time_seconds:g} s have passed"

    def _agreed(self, request: StopRequest, max_time_seconds: float | None) -> tuple[int, bool]:
        """Return the signal that came, 0 if none, and whether time is up: in any process, so that all stop together."""
        late = max_time_seconds is not None and time.monotonic() - self.progress.started >= max_time_seconds
        signal, over = self.assembly.accelerator.largest(request.signal or 0, int(late))
        return signal, bool(over)

    def _interrupt(self, number: int) -> None:
        self.progress.status, self.progress.signal = "interrupted", number
        self.progress.reason = f"signal {number}"

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
        try:
            bound, progress.ledger = self.window.take(self.window_first_step + 1, progress.name)
        except NonFiniteError as error:
            raise self._advised(str(error)) from error
        progress.metrics = {
            "step": progress.step,
            "epoch": self.state.stream.examples_read / self.state.stream.num_data,
            "elapsed_seconds": self.state.elapsed_seconds,
            "examples_per_second": (self.state.stream.examples_read - self.examples_before) / seconds,
            "peak_memory_bytes": accelerator.peak_memory_bytes(),
            **bound,
            **(self._validation() if validating else {}),
        }
        self.window_first_step, self.examples_before = progress.step, self.state.stream.examples_read
        if progress.folder is not None:
            progress.folder.add_metrics(progress.metrics)
        self._call("genlab_step_logged", metrics=progress.metrics)

    def _validation(self) -> dict[str, float | None]:
        if not len(self.assembly.data.validation) or not self.assembly.accelerator.leads:
            return {}
        count = self.assembly.train.validation_examples
        try:
            metrics = evaluate(self.assembly, "validation", max_examples=count, diagnose=False).metrics
        except NonFiniteError as error:
            raise self._advised(f"{str(error).removesuffix('.')}, at step {self.progress.step}.") from error
        named = bound_name(self.assembly)
        names = ("elbo_nats", "elbo_nats_se", "bits_per_dim", "bits_per_dim_se", f"{named}_nats", f"{named}_nats_se")
        return {f"validation_{name}": metrics[name] for name in names}

    def _advised(self, problem: str) -> NonFiniteError:
        kept = f" The last checkpoint is of step {self.saved_step}." if self.saved_step > 0 else ""
        advice = 'Lower update.lr, or set update.clip_norm or accelerator.precision = "float32".'
        return NonFiniteError(f"{problem} {advice}{kept}")

    def _save_checkpoint(self) -> None:
        """Save, unless the parameters are no numbers any more: a good checkpoint must not make way for those."""
        if not self.keeps_checkpoints:
            return
        broken = self.state.non_finite_parameter()
        if broken is not None:
            raise self._advised(f"parameter {broken!r} must be finite, and is not at step {self.progress.step}.")
        state = self.state.state_dict()
        self.saved_step = self.progress.step
        if self.progress.folder is not None:
            path = self.progress.folder.save_checkpoint(self.progress.step, state)
            self._call("genlab_checkpoint_saved", path=path)

    def _call(self, hook: str, **arguments: Any) -> None:
        if self.hooks is not None and self.assembly.accelerator.leads:
            self.hooks.call(hook, run=self.progress, **arguments)
