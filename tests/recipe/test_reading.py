import re
from pathlib import Path

import pytest

from genlab.errors import RecipeError
from genlab.recipe import Recipe, read_recipe, reading


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with one shipped recipe elsewhere."""
    shipped, work = tmp_path / "shipped", tmp_path / "work"
    shipped.mkdir()
    work.mkdir()
    (shipped / "ddpm.toml").write_text('name = "shipped"\n')
    monkeypatch.setattr(reading, "recipes_folder", lambda: shipped)
    monkeypatch.chdir(work)
    return work


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def message(path: str) -> str:
    with pytest.raises(RecipeError) as raised:
        read_recipe(path)
    return str(raised.value)


def test_a_recipe_is_its_tables_with_the_line_of_each_key() -> None:
    write("a.toml", 'name = "x"\n\n[model]\nuse = "vae"\n')
    recipe = read_recipe("a.toml")
    assert recipe.tables == {"name": "x", "model": {"use": "vae"}}
    assert (recipe.title, recipe.text) == ("a.toml", 'name = "x"\n\n[model]\nuse = "vae"\n')
    assert recipe.origin(("model", "use")) == "a.toml:4"
    assert recipe.origin(("model", "width")) == "a.toml:3"
    assert recipe.origin(("sampler",)) == "a.toml"


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    Path("a.toml").write_bytes(b'\xef\xbb\xbfname = "x"\r\nseed = 1\r\n')
    recipe = read_recipe("a.toml")
    assert recipe.tables == {"name": "x", "seed": 1}
    assert recipe.origin(("seed",)) == "a.toml:2"


@pytest.mark.parametrize("name", ["ddpm", "ddpm.toml", "recipes/ddpm.toml", "recipes/ddpm"])
def test_a_bare_name_means_a_shipped_recipe(name: str) -> None:
    assert read_recipe(name).tables == {"name": "shipped"}


def test_a_file_goes_before_a_shipped_recipe() -> None:
    write("recipes/ddpm.toml", 'name = "mine"')
    assert read_recipe("recipes/ddpm.toml").tables == {"name": "mine"}


def test_recipes_of_plugins_are_found_by_name_too() -> None:
    write("plugin/flow.toml", 'name = "flow"')
    assert read_recipe("flow", folders=[Path("plugin")]).tables == {"name": "flow"}
    assert read_recipe("flow", folders=[Path("plugin/flow.toml")]).tables == {"name": "flow"}


def test_an_unknown_name_lists_the_shipped_recipes_and_the_nearest() -> None:
    assert message("ddmp") == (
        "ddmp: 1 problem\n  there is no such file, and no shipped recipe of that name; shipped: 'ddpm'. "
        "Did you mean 'ddpm'?"
    )


def test_a_folder_is_no_recipe() -> None:
    Path("recipes").mkdir()
    assert message("recipes") == "recipes: 1 problem\n  it must be a file, got a folder."


@pytest.mark.parametrize(
    ("text", "line"), [("name = 'x'\nseed = \n", 2), ("a = 1\na = 2\n", 2), ("a = [1,\n2\n", 2), ("[a]\n[a]\n", 2)]
)
def test_broken_toml_names_its_line(text: str, line: int) -> None:
    write("a.toml", text)
    assert re.match(rf"a.toml: 1 problem\n  a.toml:{line}: this is not valid TOML: .+\.$", message("a.toml"))


def test_a_file_that_is_not_utf_8_is_a_fault() -> None:
    Path("a.toml").write_bytes(b'name = "caf\xe9"')
    assert message("a.toml") == "a.toml: 1 problem\n  a.toml: must be UTF-8 text, got byte 0xe9."


def test_extended_files_lie_below_and_keep_their_lines() -> None:
    write("bases/first.toml", 'seed = 1\n[model]\nuse = "vae"\nwidth = 8\n')
    write("bases/second.toml", 'extends = "first.toml"\n[model]\nwidth = 9\n')
    write("a.toml", 'extends = "bases/second.toml"\nname = "x"\n[train]\nsteps = 5\n')
    recipe = read_recipe("a.toml")
    assert recipe.tables == {
        "seed": 1,
        "name": "x",
        "model": {"use": "vae", "width": 9},
        "train": {"steps": 5},
    }
    assert recipe.origin(("seed",)) == "bases/first.toml:1"
    assert recipe.origin(("model", "width")) == "bases/second.toml:3"
    assert recipe.origin(("train", "steps")) == "a.toml:4"
    assert recipe.folder(("model", "width")) == Path("bases").resolve()


def test_overrides_lie_on_top_whatever_their_order() -> None:
    write("a.toml", '[sampler]\nuse = "ancestral"\nsteps = 5\n')
    for overrides in (["sampler.use=ddim", "sampler.eta=0.5"], ["sampler.eta=0.5", "sampler.use=ddim"]):
        recipe = read_recipe("a.toml", overrides)
        assert recipe.tables == {"sampler": {"use": "ddim", "eta": 0.5}}
        assert recipe.origin(("sampler", "eta")) == "-s sampler.eta=0.5"


def test_an_override_of_one_key_leaves_the_table_where_it_was() -> None:
    write("a.toml", '\n[sampler]\nuse = "ancestral"\n')
    assert read_recipe("a.toml", ["sampler.steps=5"]).origin(("sampler",)) == "a.toml:2"


def test_files_that_extend_each_other_are_a_fault_of_the_last_one() -> None:
    write("a.toml", 'extends = "b.toml"')
    write("b.toml", '\nextends = "a.toml"')
    assert message("a.toml") == (
        "a.toml: 1 problem\n  b.toml:2: extends: files must not extend each other in a circle, "
        "got a.toml extends b.toml extends a.toml."
    )


def test_a_missing_base_is_a_fault_with_the_nearest_file() -> None:
    write("sub/base.toml", "")
    write("sub/a.toml", 'extends = "bse.toml"')
    assert message("sub/a.toml") == (
        "sub/a.toml: 1 problem\n  sub/a.toml:1: extends: must be a recipe file relative to this one, got 'bse.toml'. "
        "Did you mean 'base.toml'?"
    )


@pytest.mark.parametrize("value", ["3", "''", "['a.toml']"])
def test_extends_must_be_a_path(value: str) -> None:
    write("a.toml", f"extends = {value}")
    assert "a.toml:1: extends: must be the path of a recipe file, got " in message("a.toml")


def test_broken_toml_in_a_base_names_the_base() -> None:
    write("base.toml", "name = \n")
    write("a.toml", "extends = 'base.toml'")
    assert message("a.toml").startswith("a.toml: 1 problem\n  base.toml:1: this is not valid TOML")


def test_a_recipe_can_be_made_of_python_values() -> None:
    recipe = Recipe.from_tables({"name": "x", "data": {"root": Path("/d"), "sizes": (1, 2)}}, title="notebook")
    assert recipe.tables == {"name": "x", "data": {"root": "/d", "sizes": [1, 2]}}
    assert recipe.origin(("data", "root")) == "notebook"
    Path("saved.toml").write_text(recipe.text)
    assert read_recipe("saved.toml").tables == recipe.tables
