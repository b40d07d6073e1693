"""`genlab eval`: the ledger of a run on held-out data."""

import json
import math
import re

import pytest


@pytest.fixture
def toy_run(genlab, toy_toml):
    return genlab("run", "toy.toml", "-q").out.strip()


def test_its_document_adds_up(genlab, toy_run):
    outcome = genlab("eval", toy_run, "--json")
    assert outcome.code == 0
    document = json.loads(outcome.out)
    assert set(document) == {"metrics", "ledger", "protocol", "num_examples", "series", "remarks"}
    assert {"name", "scope", "nats", "se", "exact"} == set(document["ledger"][0])
    total = sum(row["nats"] for row in document["ledger"] if row["scope"] == "local")
    assert math.isclose(total, document["metrics"]["elbo_nats"], rel_tol=1e-6)


def test_it_repeats_what_the_run_wrote(genlab, toy_run, workdir):
    written = json.loads((workdir / toy_run / "run.json").read_text())["test"]
    assert json.loads(genlab("eval", toy_run, "--json").out) == written


@pytest.mark.parametrize("name", ["toy", "runs/toy", "toy.toml"])
def test_the_newest_run_of_a_name_is_found(genlab, toy_run, name):
    assert genlab("eval", name, "--json").out == genlab("eval", toy_run, "--json").out


def test_a_person_reads_terms_and_protocol(genlab, toy_run):
    text = genlab("eval", toy_run).out
    assert re.search(r"^entropy\s+local\s+\d+\.\d+\s+\d\.\d+\s+estimated", text, re.M)
    assert "protocol  test split of toy, 20 examples" in text


def test_another_split_is_chosen(genlab, toy_run):
    assert json.loads(genlab("eval", toy_run, "--split", "validation", "--json").out)["num_examples"] == 10


def test_a_split_nobody_has_is_a_usage_error(genlab, toy_run):
    assert genlab("eval", toy_run, "--split", "tset").code == 2


def test_the_evaluation_can_be_changed(genlab, toy_run):
    assert "mean of 5 passes" in json.loads(genlab("eval", toy_run, "-s", "eval.repeats=5", "--json").out)["protocol"]


def test_a_run_nobody_made_is_1_and_one_message(genlab):
    outcome = genlab("eval", "nothing")
    assert outcome.code == 1
    assert outcome.err.splitlines() == ["there is no run of 'nothing' under runs. `genlab runs` lists those there are."]


def test_a_folder_that_is_no_run_is_1(genlab, workdir):
    (workdir / "empty").mkdir()
    outcome = genlab("eval", "empty")
    assert outcome.code == 1
    assert "empty is no run folder" in outcome.err
