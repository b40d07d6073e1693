"""`genlab check`: what is broken, what was skipped, and the exit code."""

import json
import sys

import pytest

BROKEN = """
import toy

class Broken(toy.ToyModel):
    def log_joint(self, x, z):
        factors = super().log_joint(x, z)
        return factors | {"prior": factors["prior"] / 0}
"""


@pytest.fixture
def broken_toml(toy_toml, monkeypatch, tmp_path):
    """A recipe whose model is broken."""
    folder = tmp_path / "broken"
    folder.mkdir()
    monkeypatch.delitem(sys.modules, "broken_toy", raising=False)
    (folder / "broken_toy.py").write_text(BROKEN)
    (folder / "broken_plugin.py").write_text(
        "from genlab.plugin import Component, hookimpl\n"
        "@hookimpl\n"
        "def genlab_components():\n"
        "    yield Component('model', 'broken', 'broken_toy:Broken', 'a prior divided by 0')\n"
    )
    info = folder / "genlab_broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: genlab-broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[genlab]\nbroken = broken_plugin\n")
    monkeypatch.syspath_prepend(folder)
    toy_toml.write_text(toy_toml.read_text().replace('[model]\nuse = "toy"', '[model]\nuse = "broken"'))
    return toy_toml


def test_a_component_that_keeps_the_laws_is_0(genlab, toy_toml):
    outcome = genlab("check", "model/toy", "--recipe", "toy.toml")
    assert outcome.code == 0
    assert outcome.out.startswith("model/toy[toy]  ")
    assert outcome.out.splitlines()[-1].startswith("passed: ")


def test_a_broken_component_is_1_with_a_counterexample(genlab, broken_toml):
    outcome = genlab("check", "model/broken", "--recipe", "toy.toml")
    assert outcome.code == 1
    (line,) = (line for line in outcome.out.splitlines() if "log_joint_is_finite" in line)
    assert line.strip().startswith("failed log_joint_is_finite: the factor 'prior' in torch.float64 must be finite")
    assert outcome.out.splitlines()[-1].startswith("failed: ")


def test_a_broken_law_is_told_once(genlab, broken_toml):
    lines = genlab("check", "model/broken", "--recipe", "toy.toml").out.splitlines()
    (place,) = (number for number, line in enumerate(lines) if "failed log_joint_is_finite" in line)
    assert lines[place + 1].strip().startswith("The law: Every factor of log p(x, z) is finite")


def test_an_error_is_told_once_with_its_line_and_the_checks_that_met_it(genlab, broken_toml, tmp_path):
    source = tmp_path / "broken" / "broken_toy.py"
    source.write_text(BROKEN.replace("factors = super()", "factors = supper()"))
    lines = genlab("check", "model/broken", "--recipe", "toy.toml").out.splitlines()
    (first,) = (number for number, line in enumerate(lines) if "NameError: name 'supper' is not defined" in line)
    assert any(
        line.strip() == "at ../broken/broken_toy.py:6, in log_joint: factors = supper().log_joint(x, z)"
        for line in lines
    )
    assert "more checks ended in the same: log_joint_is_finite, " in "".join(lines[first:])


def test_several_names_are_checked_together(genlab, toy_toml):
    outcome = genlab(
        "check", "model/toy", "family/toy", "--recipe", "toy.toml", "--only", "state_dict_restores_everything"
    )
    subjects = [line.split("  ")[0] for line in outcome.out.splitlines() if line.startswith(("model", "family"))]
    assert subjects == ["model/toy[toy]", "family/toy[toy]"]


def test_one_check_can_be_run_alone(genlab, toy_toml):
    outcome = genlab("check", "model/toy", "--recipe", "toy.toml", "--only", "log_joint_is_finite")
    assert outcome.out.splitlines()[-1] == "passed: 1 passed."


def test_the_report_is_a_document_too(genlab, toy_toml):
    document = json.loads(genlab("check", "--recipe", "toy.toml", "--json").out)
    assert document["passed"] is True
    assert {"model/toy", "elbo/trace", "family/toy"} <= {result["component"] for result in document["results"]}


def test_a_component_without_a_setting_says_what_to_do(genlab):
    outcome = genlab("check", "model/toy")
    assert outcome.code == 0
    assert "skipped: no setting" in outcome.out


def test_an_unknown_name_is_4(genlab):
    outcome = genlab("check", "tooy")
    assert outcome.code == 4
    assert "Did you mean 'toy'?" in outcome.err


def test_no_name_and_no_recipe_is_a_usage_error(genlab):
    outcome = genlab("check")
    assert outcome.code == 2
    assert "give a NAME" in outcome.err


def test_without_hypothesis_it_says_what_to_install(genlab, monkeypatch):
    def missing(*names, **options):
        raise ModuleNotFoundError("No module named 'hypothesis'", name="hypothesis")

    monkeypatch.setattr("genlab.cli.verbs.run_checks", missing, raising=False)
    outcome = genlab("check", "toy")
    assert outcome.code == 4
    assert "pip install 'genlab[test]'" in outcome.err
