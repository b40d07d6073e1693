"""What runs have written down, read without torch: the runs under a folder, `run.json`, and a report of one run."""

from genlab.records.listing import RunSummary, latest_run, list_runs
from genlab.records.record import check_format, read_record
from genlab.records.report import write_report

__all__ = ["RunSummary", "check_format", "latest_run", "list_runs", "read_record", "write_report"]
