"""`genlab runs`: the runs so far."""

import json


def test_no_runs_are_one_line_that_says_how_to_make_one(genlab):
    outcome = genlab("runs")
    assert (outcome.code, outcome.out) == (0, "")
    assert "`genlab run RECIPE` makes one" in outcome.err


def test_a_run_is_listed_with_its_state_and_bound(genlab, toy_toml):
    folder = genlab("run", "toy.toml", "-q").out.strip()
    row = genlab("runs").out.splitlines()[2]
    assert "finished" in row
    assert "20 / 20" in row
    assert "nats an example" in row
    assert row.startswith(f"{folder} ")


def test_the_list_is_a_document_too(genlab, toy_toml):
    genlab("run", "toy.toml", "-q", "--out", "elsewhere")
    (summary,) = json.loads(genlab("runs", "--out", "elsewhere", "--json").out)
    assert (summary["name"], summary["status"], summary["step"]) == ("toy", "finished", 20)
    assert json.loads(genlab("runs", "--json").out) == []
