"""The run: fit, evaluate, draw, and the folder a run leaves."""

from genlab.records import RunSummary, latest_run, list_runs, write_report
from genlab.run.column_file import check_column_file, write_columns
from genlab.run.comparing import ComparedRun, Comparison, compare
from genlab.run.draw import check_destination, draw, save_draws
from genlab.run.evaluate import Evaluation, LedgerRow, evaluate
from genlab.run.fit import fit
from genlab.run.folder import RunFolder
from genlab.run.infer import observations, other_data, shared_latents
from genlab.run.per_example import per_example
from genlab.run.progress import Progress
from genlab.run.reconstruct import (
    Reconstruction,
    check_reconstructing,
    check_reconstruction_file,
    reconstruct,
    save_reconstruction,
)
from genlab.run.reopen import OpenedRun, open_run
from genlab.run.run import RunResult, run
from genlab.run.score import Score, score
from genlab.run.score_samplers import score_samplers
from genlab.run.state import TrainingState

__all__ = [
    "ComparedRun",
    "Comparison",
    "Evaluation",
    "LedgerRow",
    "OpenedRun",
    "Progress",
    "Reconstruction",
    "RunFolder",
    "RunResult",
    "RunSummary",
    "Score",
    "TrainingState",
    "check_column_file",
    "check_destination",
    "check_reconstructing",
    "check_reconstruction_file",
    "compare",
    "draw",
    "evaluate",
    "fit",
    "latest_run",
    "list_runs",
    "observations",
    "open_run",
    "other_data",
    "per_example",
    "reconstruct",
    "run",
    "save_draws",
    "save_reconstruction",
    "score",
    "score_samplers",
    "shared_latents",
    "write_columns",
    "write_report",
]
