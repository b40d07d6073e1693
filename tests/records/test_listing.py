import json

import pytest

from genlab.records import list_runs


@pytest.mark.parametrize("wrong", [None, [], {}, "x", -1.5, {"elbo_nats": "low"}], ids=repr)
def test_a_run_whose_record_was_changed_is_still_listed(tmp_path, wrong):
    folder = tmp_path / "toy" / "1"
    folder.mkdir(parents=True)
    record = {"format": 1} | dict.fromkeys(("name", "status", "step", "steps", "started", "metrics"), wrong)
    (folder / "run.json").write_text(json.dumps(record))
    (summary,) = list_runs(tmp_path)
    assert summary.folder == folder
    assert isinstance(summary.step, int)
