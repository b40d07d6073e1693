"""Which plugins an invocation uses, and what a user sees of one that is broken, slow, misspelled or doubled."""

import itertools
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from genlab.discovery import timing

SAMPLER = """
import torch
from genlab.interfaces import Draws, Sampler
from genlab.plugin import Component, hookimpl

@hookimpl
def genlab_components():
    yield Component("sampler", "zeros", f"{__name__}:Zeros", "nothing but zeros")

class Zeros(Sampler):
    def draw(self, model, num_draws, *, generator, trajectory=False):
        return Draws(torch.zeros(num_draws, 1))
"""
DOUBLE = """
from genlab.plugin import Component, hookimpl

@hookimpl
def genlab_components():
    yield Component("model", "toy", "toy:ToyModel", "the same again")
"""


@pytest.fixture
def file(workdir: Path) -> Path:
    path = workdir / "zeros.py"
    path.write_text(SAMPLER)
    return path


@pytest.fixture
def run_folder(genlab, toy_toml, file) -> str:
    """A run whose sampler comes from a plugin file."""
    options = ("-q", "-s", "train.steps=2", "-s", "sampler.use=zeros", "--plugin-file", "zeros.py")
    outcome = genlab("run", "toy.toml", *options)
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out.strip()


def test_a_plugin_file_can_be_given_before_or_behind_the_command(genlab, file):
    for argv in (("--plugin-file", "zeros.py", "components"), ("components", "--plugin-file", "zeros.py")):
        assert "nothing but zeros" in genlab(*argv).out
    assert "nothing but zeros" not in genlab("components").out


def test_the_options_do_not_stay_for_the_next_invocation(genlab, file):
    genlab("--block", "toy", "plugins", "--plugin-file", "zeros.py")
    statuses = {plugin["name"]: plugin["status"] for plugin in json.loads(genlab("plugins", "--json").out)}
    assert statuses["toy"] == "ok"
    assert "zeros" not in statuses


def test_no_plugins_leaves_what_genlab_offers_and_the_files(genlab, file):
    listed = json.loads(genlab("plugins", "--json", "--no-plugins", "--plugin-file", "zeros.py").out)
    in_use = {plugin["name"] for plugin in listed if plugin["status"] == "ok"}
    assert in_use == {"core", "zeros"}  # the site of these tests has no other plugin of genlab


def test_a_missing_plugin_file_is_2_and_a_broken_one_is_4(genlab, workdir):
    outcome = genlab("plugins", "--plugin-file", "absent.py")
    assert outcome.code == 2
    assert "a plugin file must be readable, got 'absent.py': No such file" in outcome.err
    (workdir / "broken.py").write_text("raise RuntimeError('broken')")
    outcome = genlab("components", "--plugin-file", "broken.py")
    assert outcome.code == 4
    assert "cannot be used (import error): RuntimeError: broken." in outcome.err
    assert "Traceback" not in outcome.err


def test_the_run_says_which_file_it_was_made_with(run_folder, file):
    plugins = json.loads((Path(run_folder) / "run.json").read_text())["plugins"]
    (recorded,) = (plugin for plugin in plugins if plugin["name"] == "zeros")
    assert recorded["file"] == str(file)
    assert len(recorded["sha256"]) == 64


@pytest.mark.parametrize("argv", [("eval",), ("sample",), ("run", "-s", "train.steps=4", "--resume")])
def test_without_its_plugin_file_a_run_says_which_it_needs(genlab, run_folder, file, argv):
    outcome = genlab(*argv, run_folder)
    assert outcome.code == 4
    assert "there is no sampler 'zeros'" in outcome.err
    assert f"was made with plugin files that must be given again. Add --plugin-file {file}." in outcome.err


@pytest.mark.parametrize("argv", [("eval",), ("sample",), ("run", "-s", "train.steps=4", "-q", "--resume")])
def test_with_its_plugin_file_a_run_goes_on(genlab, run_folder, argv):
    outcome = genlab(*argv, run_folder, "--plugin-file", "zeros.py")
    assert (outcome.code, outcome.err) == (0, "")


def test_a_plugin_file_that_has_changed_is_a_warning(genlab, run_folder, file):
    file.write_text(SAMPLER + "# changed\n")
    outcome = genlab("eval", run_folder, "--plugin-file", "zeros.py")
    assert outcome.code == 0
    assert outcome.err.startswith(f"warning: plugin file {file} has changed since {run_folder} was made with it")
    assert outcome.err.count("\n") == 1


def test_two_plugins_that_offer_one_name_are_an_error_that_names_both(genlab, toy_toml, workdir):
    (workdir / "double.py").write_text(DOUBLE)
    outcome = genlab("validate", "toy.toml", "--plugin-file", "double.py")
    assert outcome.code == 4
    assert "toy.toml:" in outcome.err
    assert "model 'toy' is offered by double.py and by genlab-toy." in outcome.err
    assert "Write one of 'double.py:toy', 'genlab-toy:toy'." in outcome.err
    chosen = ("validate", "toy.toml", "--plugin-file", "double.py", "-s", "model.use=genlab-toy:toy")
    assert genlab(*chosen).code == 0
    assert genlab("validate", "toy.toml", "--plugin-file", "double.py", "--block", "double").code == 0


def test_a_slow_plugin_is_one_warning_and_its_time_is_in_the_list(genlab, toy_toml, monkeypatch):
    clock = SimpleNamespace(perf_counter=itertools.count(0, 3).__next__)
    monkeypatch.setattr(timing, "time", clock)
    outcome = genlab("validate", "toy.toml", "--block", "core")
    assert "warning: plugin 'toy' of genlab-toy 1.0 took 3.0 s to load, and every command waits for it." in outcome.err
    outcome = genlab("plugins")
    assert outcome.err == ""
    assert next(line for line in outcome.out.splitlines() if line.startswith("toy")).split()[5:7] == ["3.0", "s"]


def test_a_misspelled_block_is_a_warning_where_plugins_are_listed_too(genlab):
    outcome = genlab("plugins", "--block", "toi")
    assert outcome.code == 0
    assert outcome.err == "warning: there is no plugin 'toi' to block. Did you mean 'toy'?\n"


def test_a_recipe_that_needs_a_broken_plugin_says_what_is_wrong_with_the_plugin(genlab, broken_plugin, toy_toml):
    outcome = genlab("validate", "toy.toml", "-s", "model.use=broken-model")
    assert outcome.code == 4
    assert "Plugin 'broken' of genlab-broken might offer it, but is not in use (import error)" in outcome.err
