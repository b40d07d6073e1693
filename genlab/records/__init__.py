"""What runs have written down, read without torch: the runs under a folder, and what `run.json` holds."""

from genlab.records.listing import RunSummary, latest_run, list_runs
from genlab.records.record import check_format, read_record

__all__ = ["RunSummary", "check_format", "latest_run", "list_runs", "read_record"]
