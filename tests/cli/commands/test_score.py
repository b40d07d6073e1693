"""`genlab score`: a run's draws beside what real data score."""

import json

import pytest


@pytest.fixture
def toy_run(genlab, toy_toml):
    return genlab("run", "toy.toml", "-q").out.strip()


def test_its_document_has_the_same_numbers_of_draws_and_of_data(genlab, toy_run):
    outcome = genlab("score", toy_run, "-n", "30", "--json")
    assert outcome.code == 0
    document = json.loads(outcome.out)
    assert document.keys() == {
        *("metrics", "baseline", "protocol", "num_draws", "num_reference", "num_baseline", "sampling_seconds")
    }
    assert document["metrics"].keys() == document["baseline"].keys()
    assert (document["num_draws"], document["num_reference"]) == (30, 20)


def test_a_person_reads_a_table_and_the_protocol(genlab, toy_run):
    lines = genlab("score", toy_run, "-n", "30").out.splitlines()
    assert lines[0].split() == ["metric", "draws", "std.", "error", "training", "data", "std.", "error"]
    assert any(line.startswith("recall_pca1_k3 ") for line in lines)
    assert any(line.startswith("protocol  30 draws of ToySampler") for line in lines)


def test_features_are_chosen_by_their_name_and_their_keys(genlab, toy_run):
    document = json.loads(genlab("score", toy_run, "-n", "30", "--features", "raw", "--json").out)
    assert "frechet_distance_raw" in document["metrics"]
    keys = ("--features", "pca", "-s", "eval.features.examples=20")
    protocol = json.loads(genlab("score", toy_run, "-n", "30", *keys, "--json").out)["protocol"]
    assert "principal components of 20 training observations" in protocol


def test_unknown_features_are_named_with_those_there_are(genlab, toy_run):
    outcome = genlab("score", toy_run, "--features", "pac")
    assert outcome.code == 4
    assert "Did you mean 'pca'?" in outcome.err


def test_too_few_draws_are_1_and_one_message(genlab, toy_run):
    outcome = genlab("score", toy_run, "-n", "2")
    assert outcome.code == 1
    assert outcome.err.splitlines() == ["a score must compare at least 4 draws, got 2. Use more."]
