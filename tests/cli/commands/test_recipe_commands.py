"""`genlab validate`, `show` and `recipes`: recipes without a run."""

import json
import tomllib
from pathlib import Path

import pytest


def test_a_valid_recipe_is_ok_and_nothing_is_written(genlab, toy_toml, workdir):
    outcome = genlab("validate", "toy.toml")
    assert (outcome.code, outcome.out, outcome.err) == (0, "toy.toml: ok\n", "")
    assert list(workdir.iterdir()) == [toy_toml]


def test_every_recipe_is_checked_though_one_has_faults(genlab, toy_toml, workdir):
    (workdir / "bad.toml").write_text(toy_toml.read_text().replace("steps", "stepz"))
    outcome = genlab("validate", "bad.toml", "toy.toml")
    assert outcome.code == 3
    assert outcome.out == "toy.toml: ok\n"
    assert "train.stepz" in outcome.err


@pytest.mark.parametrize(("change", "code"), [("seed = -1", 3), ("[", 3)])
def test_faults_are_3(genlab, toy_toml, change, code):
    toy_toml.write_text(f"{change}\n" + toy_toml.read_text().replace("seed = 3\n", ""))
    assert genlab("validate", "toy.toml").code == code


def test_a_missing_component_is_4_when_nothing_else_is_wrong(genlab, toy_toml):
    assert genlab("validate", "toy.toml", "-s", "model.use=nobody").code == 4


def test_the_faults_are_a_document_too(genlab, toy_toml):
    outcome = genlab("validate", "toy.toml", "--json", "-s", "train.steps=0")
    assert outcome.code == 3
    (result,) = json.loads(outcome.out)
    assert (result["recipe"], result["ok"]) == ("toy.toml", False)
    assert result["faults"][0] == {
        "origin": "-s train.steps=0",
        "key": "train.steps",
        "problem": "must be at least 1, got 0.",
    }


def test_what_show_prints_is_the_same_recipe_with_all_defaults(genlab, toy_toml, workdir):
    shown = genlab("show", "toy.toml").out
    assert tomllib.loads(shown)["eval"]["repeats"] == 2
    (workdir / "shown.toml").write_text(shown)
    assert genlab("show", "shown.toml").out == shown


def test_show_says_where_each_value_comes_from(genlab, toy_toml):
    text = genlab("show", "toy.toml", "--origins", "-s", "train.steps=9").out
    origins = {line.split()[0]: line.split(maxsplit=2)[2].strip() for line in text.splitlines()[2:]}
    assert origins["train.steps"] == "-s train.steps=9"
    assert origins["eval.repeats"] == "default"
    lines = toy_toml.read_text().splitlines()
    assert origins["train.log_every"] == f"toy.toml:{lines.index('log_every = 5') + 1}"


def test_the_recipes_that_ship_are_listed_with_what_they_show(genlab):
    rows = [line.split() for line in genlab("recipes").out.splitlines()]
    assert ["toy-shipped", "A", "toy", "that", "ships"] in [row[:5] for row in rows]
    listed = {recipe["name"]: recipe for recipe in json.loads(genlab("recipes", "--json").out)}
    assert listed["toy-shipped"]["summary"] == "A toy that ships"
    assert Path(listed["toy-shipped"]["path"]).is_file()
