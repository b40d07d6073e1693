import json
import os
import subprocess
import sys

import pytest

from genlab.errors import RunFolderError
from genlab.records import latest_run, list_runs
from genlab.run.folder import RunFolder


def create(root, name="toy", **record):
    return RunFolder.create(root, name, 'name = "toy"\n', "resolved", {"name": name, "status": "running", **record})


def test_every_run_has_a_folder_of_its_own(tmp_path):
    assert create(tmp_path).path != create(tmp_path).path


def test_a_folder_holds_the_recipe_as_written_and_the_record(tmp_path):
    folder = create(tmp_path)
    assert (folder.path / "recipe.toml").read_text() == 'name = "toy"\n'
    assert folder.record()["status"] == "running"


def test_numbers_that_are_not_finite_become_null(tmp_path):
    folder = create(tmp_path)
    folder.add_metrics({"step": 1, "elbo_nats": float("nan")})
    assert folder.metrics() == [{"step": 1, "elbo_nats": None}]


def test_lines_after_a_checkpoint_are_dropped_on_resuming(tmp_path):
    folder = create(tmp_path)
    for step in (5, 10, 15):
        folder.add_metrics({"step": step})
    folder.cut_metrics(10)
    assert [line["step"] for line in folder.metrics()] == [5, 10]


def test_a_line_cut_short_by_a_crash_is_left_out(tmp_path):
    folder = create(tmp_path)
    folder.add_metrics({"step": 5})
    with (folder.path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 1')
    assert folder.metrics() == [{"step": 5}]


def test_a_folder_of_another_format_is_refused_with_the_version_that_wrote_it(tmp_path):
    folder = create(tmp_path)
    folder.update_record(format=99, versions={"genlab": "7.0"})
    with pytest.raises(RunFolderError, match=r"must have format 1, got 99 \(written by genlab 7.0\)"):
        RunFolder(folder.path)


def test_what_is_no_run_folder_is_said_to_be_none(tmp_path):
    with pytest.raises(RunFolderError, match=r"has no run.json"):
        RunFolder(tmp_path)


def test_a_record_that_cannot_be_read_is_one_clear_error(tmp_path):
    folder = create(tmp_path)
    (folder.path / "run.json").write_text("{")
    with pytest.raises(RunFolderError, match="cannot be read"):
        RunFolder(folder.path)


def test_no_temporary_file_is_left_behind(tmp_path):
    folder = create(tmp_path)
    folder.update_record(status="finished")
    assert not [path for path in folder.path.rglob("*") if path.name.endswith(".tmp")]
    assert json.loads((folder.path / "run.json").read_text())["status"] == "finished"


def test_runs_are_listed_oldest_first_and_the_newest_of_a_name_is_found(tmp_path):
    older = create(tmp_path, started="2026-01-01T00:00:00+00:00")
    newer = create(tmp_path, started="2026-01-02T00:00:00+00:00")
    other = create(tmp_path, name="other", started="2026-01-03T00:00:00+00:00")
    assert [summary.folder for summary in list_runs(tmp_path)] == [older.path, newer.path, other.path]
    assert latest_run(tmp_path, "toy") == newer.path
    with pytest.raises(RunFolderError, match="no run of 'nothing'"):
        latest_run(tmp_path, "nothing")


def test_a_folder_in_use_is_refused_until_its_process_is_gone(tmp_path):
    folder = create(tmp_path)
    with (
        folder.locked(),
        pytest.raises(RunFolderError, match=f"in use by process {os.getpid()}"),
        RunFolder(folder.path).locked(),
    ):
        pass
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    (folder.path / ".lock").write_text(str(process.pid))
    with folder.locked():
        assert (folder.path / ".lock").read_text() == str(os.getpid())
    assert not (folder.path / ".lock").exists()


def test_a_run_that_cannot_be_read_is_listed_as_such_and_never_meant_by_its_name(tmp_path):
    good, bad = create(tmp_path), create(tmp_path)
    (bad.path / "run.json").write_text("{")
    assert {summary.folder: summary.status for summary in list_runs(tmp_path)} == {
        bad.path: "unreadable",
        good.path: "running",
    }
    assert latest_run(tmp_path, "toy") == good.path


def test_a_resolved_recipe_that_is_gone_is_said_to_be(tmp_path):
    folder = create(tmp_path)
    (folder.path / "resolved.toml").unlink()
    with pytest.raises(RunFolderError, match=r"must have its resolved.toml"):
        folder.resolved_recipe()
