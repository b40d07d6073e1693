import os
import tomllib
from pathlib import Path

import pytest
import tomli_w
import torch
from kit_toys import laws, recipe, registry
from toy import TOY_RECIPE

from genlab.errors import ComponentError, GenlabWarning, RecipeError, UsageError
from genlab.testing import CannotRun, Subject, run_checks


def holds(subject: Subject) -> None:
    """Nothing is wrong."""


def breaks(subject: Subject) -> None:
    """Something is wrong.

    Look for it.
    """
    raise AssertionError("x must be 1, got 2")


def raises(subject: Subject) -> None:
    """The component raises."""
    raise RuntimeError("no")


RAISED = 'raise RuntimeError("no")'
RAISED_AT = 1 + Path(__file__).read_text(encoding="utf-8").splitlines().index(f"    {RAISED}")


def does_not_apply(subject: Subject) -> None:
    """Nothing can be said."""
    raise CannotRun("it has no parameters")


def test_each_outcome_has_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    laws(monkeypatch, holds, breaks, raises, does_not_apply)
    report = run_checks("model/toy", registry=registry(), recipes=[recipe()])
    assert [(result.check, result.outcome, result.reason) for result in report.results] == [
        ("holds", "passed", ""),
        ("breaks", "failed", "x must be 1, got 2"),
        ("raises", "error", f"RuntimeError: no\nat {os.path.relpath(__file__)}:{RAISED_AT}, in raises: {RAISED}"),
        ("does_not_apply", "skipped", "it has no parameters"),
    ]
    assert report.counts == {"passed": 1, "failed": 1, "error": 1, "expected failure": 0, "skipped": 1}
    assert not report.passed
    assert {result.subject for result in report.results} == {"model/toy[toy]"}


def test_an_expected_failure_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    laws(monkeypatch, breaks)
    for name in ("breaks", "model/toy:breaks"):
        report = run_checks(registry=registry(), recipes=[recipe()], expected_failures={name: "known"})
        assert [(result.outcome, result.reason) for result in report.results] == [("expected failure", "known")]
        assert report.passed


def test_an_expected_failure_of_another_component_is_none_of_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    laws(monkeypatch, breaks)
    report = run_checks(registry=registry(), recipes=[recipe()], expected_failures={"family/toy:breaks": "known"})
    assert not report.passed


def test_an_expected_failure_that_passes_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    laws(monkeypatch, holds)
    report = run_checks(registry=registry(), recipes=[recipe()], expected_failures={"holds": "known"})
    assert [result.outcome for result in report.results] == ["failed"]
    assert "expected to fail (known)" in report.results[0].reason


def test_the_global_generator_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    def seeds(subject: Subject) -> None:
        """It seeds the global generator."""
        torch.manual_seed(3)

    laws(monkeypatch, seeds)
    before = torch.default_generator.get_state()
    run_checks(registry=registry(), recipes=[recipe()])
    assert torch.equal(before, torch.default_generator.get_state())


def test_nothing_is_written_where_checks_are_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report = run_checks("model/toy", registry=registry(), recipes=[recipe()])
    assert report.counts["passed"] > 3
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "toy.toml").write_text(tomli_w.dumps(TOY_RECIPE))
    (tmp_path / "other.toml").write_text(
        tomli_w.dumps(TOY_RECIPE | {"name": "other", "family": {"use": "toy", "slope": 0.25}})
    )
    return tmp_path


def test_a_component_is_checked_in_every_recipe_that_its_plugin_ships(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laws(monkeypatch, holds)
    report = run_checks("model/toy", registry=registry(folder))
    assert [result.setting for result in report.results] == ["other", "toy"]


def test_a_plugin_s_name_means_all_its_components(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    laws(monkeypatch, holds)
    by_plugin, by_name = (run_checks(name, registry=registry(folder)) for name in ("toy", "data/toy"))
    assert {result.component for result in by_plugin.results} > {"model/toy", "data/toy", "figure/toy-figure"}
    assert {result.component for result in by_name.results} == {"data/toy"}


def test_a_component_that_nothing_speaks_of_is_skipped_with_the_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laws(monkeypatch, holds)
    without_setting = run_checks("model/toy", registry=registry())
    without_check = run_checks("family/toy", registry=registry(folder))
    assert [(result.outcome, result.setting) for result in without_setting.results] == [("skipped", "")]
    assert "genlab_check_recipes" in without_setting.results[0].reason
    assert without_check.results[0].reason == "no check speaks of the slot 'family'"
    assert without_setting.passed


def test_expected_failures_stand_beside_the_recipes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    laws(monkeypatch, breaks)
    expected = {"check": "breaks", "setting": "other", "reason": "known"}
    (folder / "expected-failures.toml").write_text(tomli_w.dumps({"expected": [expected]}))
    report = run_checks("model/toy", registry=registry(folder))
    assert {result.setting: result.outcome for result in report.results} == {
        "toy": "failed",
        "other": "expected failure",
    }


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"expected": [{"check": "breaks"}]}, "entry 1 must have 'reason'."),
        ({"expected": [{"check": "breaks", "reason": "known", "slot": "model"}]}, "an unknown key 'slot'"),
        ({"expected": [{"check": "breaks", "reason": 3}]}, "a text for 'reason', got 3"),
        ({"excepted": []}, "unknown table 'excepted'"),
    ],
)
def test_a_faulty_list_of_expected_failures_is_said_to_be_one(
    folder: Path, document: dict[str, object], problem: str
) -> None:
    (folder / "expected-failures.toml").write_text(tomli_w.dumps(document))
    with pytest.raises(RecipeError, match=problem):
        run_checks("model/toy", registry=registry(folder))


def test_a_check_recipe_with_a_fault_is_fatal_only_to_what_it_names(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laws(monkeypatch, holds)
    broken = TOY_RECIPE | {"sampler": {"use": "tooy"}}
    (folder / "broken.toml").write_text(tomli_w.dumps(broken))
    with pytest.raises(ComponentError, match="tooy"):
        run_checks("model/toy", registry=registry(folder))
    with pytest.warns(GenlabWarning, match="a check recipe cannot be used"):
        report = run_checks("accelerator/auto", registry=registry(folder))
    assert report.results[0].component == "accelerator/auto"


def test_overrides_are_laid_over_every_recipe(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def looks(subject: Subject) -> None:
        """It looks."""
        seen.append(subject.setting.checked.seed)

    laws(monkeypatch, looks)
    run_checks("model/toy", registry=registry(folder), overrides=["seed=11"])
    assert seen == [11, 11]


def test_a_name_that_means_nothing_is_an_error_with_the_nearest(folder: Path) -> None:
    with pytest.raises(ComponentError, match=r"'tooy'.*Did you mean 'toy'"):
        run_checks("tooy", registry=registry(folder))
    with pytest.raises(ComponentError, match="Did you mean 'toy'"):
        run_checks("model/tooy", registry=registry(folder))
    with pytest.raises(UsageError, match="Did you mean 'log_joint_is_finite'"):
        run_checks("model/toy", registry=registry(folder), only=["log_joint_is_finit"])


def test_the_report_is_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    laws(monkeypatch, holds)
    document = run_checks("model/toy", registry=registry(), recipes=[recipe()]).document()
    assert document["passed"] is True
    assert document["counts"]["expected_failure"] == 0
    assert tomllib.loads(tomli_w.dumps(document))["results"][0]["check"] == "holds"


def test_a_component_of_another_slot_than_the_chosen_check_says_so() -> None:
    (result,) = run_checks("model/toy", registry=registry(), recipes=[recipe()], only=["steps_gain"]).results
    assert (result.outcome, result.reason) == ("skipped", "none of the checks asked for speaks of the slot 'model'")


def test_a_failure_comes_with_the_law_it_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    laws(monkeypatch, holds, breaks)
    report = run_checks("model/toy", registry=registry(), recipes=[recipe()])
    assert [result.law for result in report.results] == ["", "Something is wrong. Look for it."]


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ({"check": "breakes"}, r"There is no 'breakes' here\. Did you mean 'breaks'"),
        ({"check": "breaks", "component": "model/tooy"}, r"There is no 'model/tooy' here\. Did you mean 'model/toy'"),
        ({"check": "breaks", "setting": "othr"}, r"There is no 'othr' here\. Did you mean 'other'"),
        ({"check": "breaks", "component": "family/toy"}, r"There is no 'family/toy' here"),
    ],
)
def test_an_expected_failure_of_nothing_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, expected: dict[str, str], said: str
) -> None:
    laws(monkeypatch, breaks)
    entry = expected | {"reason": "known"}
    (folder / "expected-failures.toml").write_text(tomli_w.dumps({"expected": [entry]}))
    with pytest.warns(GenlabWarning, match=said):
        run_checks("model/toy", registry=registry(folder))
    run_checks("accelerator/auto", registry=registry(), recipes=[folder / "toy.toml"])  # part of a folder says nothing


def test_an_expected_failure_of_a_check_that_was_not_asked_for_is_not_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laws(monkeypatch, holds, breaks)
    entry = {"check": "breaks", "component": "model/toy", "reason": "known"}
    (folder / "expected-failures.toml").write_text(tomli_w.dumps({"expected": [entry]}))
    assert run_checks("model/toy", registry=registry(folder), only=["holds"]).passed


def test_the_same_data_and_the_same_figure_of_them_are_checked_once(folder: Path) -> None:
    (folder / "third.toml").write_text(
        tomli_w.dumps(TOY_RECIPE | {"name": "third", "data": {"use": "toy", "batch_size": 8}})
    )
    for name in ("data/toy", "figure/bound-curve"):
        report = run_checks(name, registry=registry(folder), only=["every_key_is_documented"])
        assert {result.setting for result in report.results} & {"toy", "other", "third"} == {"other", "third"}
    by_hand = [folder / "toy.toml", folder / "other.toml"]
    report = run_checks("data/toy", registry=registry(), recipes=by_hand, only=["every_key_is_documented"])
    assert [result.setting for result in report.results] == ["toy", "other"]


def test_what_does_not_know_the_bound_is_checked_once_for_all_bounds(folder: Path) -> None:
    (folder / "wider.toml").write_text(
        tomli_w.dumps(TOY_RECIPE | {"name": "wider", "elbo": {"use": "trace", "samples": 3}})
    )
    settings = {}
    for name in ("model/toy", "family/toy", "elbo/trace", "update/gradient"):
        report = run_checks(name, registry=registry(folder), only=["every_key_is_documented"])
        settings[name] = {result.setting for result in report.results} & {"toy", "other", "wider"}
    assert settings["model/toy"] == settings["family/toy"] == {"toy", "other"}
    assert settings["elbo/trace"] == settings["update/gradient"] == {"toy", "other", "wider"}
