"""`genlab schema`: a file for editors."""

import json
import tomllib

from jsonschema import Draft7Validator


def test_the_schema_goes_to_standard_output_and_covers_the_installed_plugins(genlab, toy_toml):
    outcome = genlab("schema")
    validator = Draft7Validator(json.loads(outcome.out))
    assert (outcome.code, outcome.err) == (0, "")
    assert validator.is_valid(tomllib.loads(toy_toml.read_text()))
    assert not validator.is_valid(tomllib.loads(toy_toml.read_text().replace("steps", "stepz")))


def test_the_schema_can_be_written_to_a_file(genlab, workdir):
    outcome = genlab("schema", "--out", "genlab.schema.json")
    assert outcome.out == "genlab.schema.json\n"
    assert json.loads((workdir / "genlab.schema.json").read_text())["title"] == "genlab recipe"


def test_a_folder_that_is_not_there_is_one_message(genlab):
    outcome = genlab("schema", "--out", "no/such/folder.json")
    assert outcome.code == 1
    assert "No such file or directory" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_recipe_that_names_its_schema_still_says_what_it_shows(genlab, toy_toml, workdir, site):
    recipe = site / "toy-recipes" / "with-schema.toml"
    recipe.write_text("#:schema genlab.schema.json\n# What this one shows. And more.\n" + toy_toml.read_text())
    try:
        listed = {one["name"]: one["summary"] for one in json.loads(genlab("recipes", "--json").out)}
    finally:
        recipe.unlink()
    assert listed["with-schema"] == "What this one shows."
