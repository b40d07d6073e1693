"""The run: fit, evaluate, draw, and the folder a run leaves."""

from genlab.run.draw import check_destination, draw, save_draws
from genlab.run.evaluate import Evaluation, LedgerRow, evaluate
from genlab.run.fit import fit
from genlab.run.folder import RunFolder
from genlab.run.listing import RunSummary, latest_run, list_runs
from genlab.run.progress import Progress
from genlab.run.reopen import OpenedRun, open_run
from genlab.run.run import RunResult, run
from genlab.run.state import TrainingState

__all__ = [
    "Evaluation",
    "LedgerRow",
    "OpenedRun",
    "Progress",
    "RunFolder",
    "RunResult",
    "RunSummary",
    "TrainingState",
    "check_destination",
    "draw",
    "evaluate",
    "fit",
    "latest_run",
    "list_runs",
    "open_run",
    "run",
    "save_draws",
]
