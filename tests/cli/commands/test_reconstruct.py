"""`genlab reconstruct`: observations, their latents, and what these lead to."""

import json

import numpy as np
import pytest

BOTH_WAYS = ("-s", "sampler.use=toy-both-ways")


@pytest.fixture
def toy_run(genlab, toy_toml):
    return genlab("run", "toy.toml", "-q").out.strip()


def test_the_path_goes_to_standard_output_and_the_error_beside_it(genlab, toy_run):
    outcome = genlab("reconstruct", toy_run, "-n", "5", *BOTH_WAYS)
    assert outcome.code == 0
    assert outcome.err.startswith("root mean squared difference 0.0")
    path = outcome.out.strip()
    assert path == f"{toy_run}/samples/reconstructed-n-5.npz"
    with np.load(path) as arrays:
        assert {name: arrays[name].shape for name in arrays} == dict.fromkeys(("x", "latents", "reconstructed"), (5, 1))
    assert genlab("reconstruct", toy_run, "-n", "5", *BOTH_WAYS).out.strip() != path


def test_files_can_be_chosen_and_the_way_between(genlab, toy_run, workdir):
    outcome = genlab(
        "reconstruct", toy_run, "-n", "4", "--between", "3", "--split", "train", "--out", "a.npz",
        "--out", "b.safetensors", "--json", *BOTH_WAYS,
    )  # fmt: skip
    said = json.loads(outcome.out)
    assert said["out"] == ["a.npz", "b.safetensors"]
    assert said["num_examples"] == 4
    assert 0 < said["reconstruction_rmse"] < 0.1
    assert np.load("a.npz")["between"].shape == (2, 3, 1)
    assert (workdir / "b.safetensors").is_file()


def test_a_sampler_that_cannot_go_back_is_a_usage_error(genlab, toy_run):
    outcome = genlab("reconstruct", toy_run)
    assert outcome.code == 2
    assert "must be one that also leads from x back to latents, got ToySampler" in outcome.err


@pytest.mark.parametrize("words", [["--out", "x.png"], ["--out", "x.gif"], ["-n", "3", "--between", "4"], ["-n", "0"]])
def test_what_cannot_be_done_is_a_usage_error(genlab, toy_run, words):
    assert genlab("reconstruct", toy_run, *BOTH_WAYS, *words).code == 2


def test_more_observations_than_there_are_is_said(genlab, toy_run):
    outcome = genlab("reconstruct", toy_run, "-n", "21", *BOTH_WAYS)
    assert outcome.code == 1
    assert "got 21 of 20. Ask for fewer." in outcome.err
