"""`genlab compare`: several runs side by side."""

import json
from pathlib import Path


def two_runs(genlab):
    return [genlab("run", "toy.toml", "-q", *more).out.strip() for more in ([], ["-s", "family.slope=0.4"])]


def test_runs_are_columns_and_their_terms_rows(genlab, toy_toml):
    outcome = genlab("compare", *two_runs(genlab))
    assert outcome.code == 0
    first_words = [line.split("  ")[0].strip() for line in outcome.out.splitlines() if line.strip()]
    for row in ("state", "bound, nats an example", "family.slope", "protocol", "verdict"):
        assert row in first_words
    assert any(line.startswith("  entropy") for line in outcome.out.splitlines())


def test_the_comparison_is_a_document_too(genlab, toy_toml):
    document = json.loads(genlab("compare", *two_runs(genlab), "--json").out)
    assert [run["recipe"] for run in document["runs"]] == [{"family.slope": 0.1}, {"family.slope": 0.4}]
    assert document["warnings"] == []


def test_a_single_run_is_a_usage_error(genlab, toy_toml):
    outcome = genlab("compare", two_runs(genlab)[0])
    assert outcome.code == 2
    assert "two runs or more" in outcome.err


def test_what_was_measured_beside_the_bound_has_a_row_and_other_names_of_the_bound_have_none(genlab, toy_toml):
    runs = two_runs(genlab)
    path = Path(runs[0]) / "run.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    metrics = record["test"]["metrics"]
    metrics |= {"log_evidence_iw5_nats": metrics["elbo_nats"], "active_units": 2.0}
    metrics |= {"rate_nats": 3.25, "rate_nats_se": 0.1}
    path.write_text(json.dumps(record), encoding="utf-8")
    lines = genlab("compare", *runs).out.splitlines()
    rows = {cells[0]: cells[1:] for cells in (line.split() for line in lines) if cells}
    assert rows["rate_nats"] == ["3.25", "-"]
    assert rows["active_units"] == ["2", "-"]
    assert not any("log_evidence" in name or name.endswith("_se") for name in rows)
