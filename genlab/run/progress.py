"""Where a run stands: what the run's hooks and the screen look at."""

import time
from dataclasses import dataclass, field
from typing import Literal

from genlab.assembly.assembly import Assembly
from genlab.run.evaluate import LedgerRow
from genlab.run.folder import RunFolder
from genlab.run.state import TrainingState

Status = Literal["running", "finished", "converged", "interrupted", "time limit", "failed"]


@dataclass
class Progress:
    """A run as it goes on. The loop writes it, everyone else only reads.

    Attributes:
        name: the recipe's name.
        assembly: what is being fitted.
        folder: where the run is kept; None for a fit that leaves no files.
        first_step: the step this process started from; above 0 in a resumed run.
        step: steps done.
        steps: steps to do.
        status: `running` until the end.
        reason: why it ended, in words; empty when all steps were done.
        signal: the signal that interrupted it, or None.
        examples_seen: training observations read by this process.
        metrics: the last logged line.
        ledger: the last logged terms.
        started: `time.monotonic()` when this process started.
    """

    name: str
    assembly: Assembly
    folder: RunFolder | None
    first_step: int
    step: int
    steps: int
    status: Status = "running"
    reason: str = ""
    signal: int | None = None
    examples_seen: int = 0
    metrics: dict[str, float | int | None] = field(default_factory=dict)
    ledger: tuple[LedgerRow, ...] = ()
    started: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, state: TrainingState, folder: RunFolder | None) -> "Progress":
        """Return the progress of a run about to go on from `state`."""
        assembly = state.assembly
        return cls(assembly.name, assembly, folder, state.step, state.step, assembly.train.steps)
