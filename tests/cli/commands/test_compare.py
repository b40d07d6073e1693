"""`genlab compare`: several runs side by side."""

import json


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
