"""`genlab sample`: draws of a run in a file."""

import numpy as np
import pytest


@pytest.fixture
def toy_run(genlab, toy_toml):
    return genlab("run", "toy.toml", "-q").out.strip()


def test_the_path_of_a_new_file_in_the_run_goes_to_standard_output(genlab, toy_run):
    outcome = genlab("sample", toy_run, "-n", "5")
    assert outcome.code == 0
    assert outcome.err == ""
    path = outcome.out.strip()
    assert path.startswith(f"{toy_run}/samples/")
    assert np.load(path)["x"].shape == (5, 1)


def test_a_second_file_does_not_replace_the_first(genlab, toy_run):
    assert genlab("sample", toy_run).out != genlab("sample", toy_run).out


def test_the_same_seed_draws_the_same_and_another_does_not(genlab, toy_run):
    drawn = [np.load(genlab("sample", toy_run, *seed).out.strip())["x"] for seed in ((), (), ("--seed", "9"))]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


def test_a_file_can_be_chosen(genlab, toy_run, workdir):
    assert genlab("sample", toy_run, "--out", "draws.safetensors").out == "draws.safetensors\n"
    assert (workdir / "draws.safetensors").is_file()


@pytest.mark.parametrize("file", ["draws.gif", "nowhere/draws.npz", "draws.png"])
def test_a_file_that_cannot_be_written_is_a_usage_error(genlab, toy_run, file):
    assert genlab("sample", toy_run, "--out", file).code == 2


def test_a_picture_keeps_no_trajectory(genlab, toy_run):
    outcome = genlab("sample", toy_run, "--trajectory", "--out", "way.png")
    assert outcome.code == 2
    assert "--trajectory must go to a .gif, .apng, .npz" in outcome.err


def test_no_draws_are_a_usage_error(genlab, toy_run):
    assert genlab("sample", toy_run, "-n", "0").code == 2


def test_a_recipe_without_a_sampler_cannot_be_drawn_from(genlab, toy_toml):
    lines = toy_toml.read_text().replace('[sampler]\nuse = "toy"\n', "")
    toy_toml.write_text(lines)
    folder = genlab("run", "toy.toml", "-q").out.strip()
    outcome = genlab("sample", folder)
    assert outcome.code == 2
    assert "must name a sampler" in outcome.err
