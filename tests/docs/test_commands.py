"""The commands on the pages: each is one that genlab takes, with a recipe and keys that exist."""

import re
import shlex
import shutil
import tomllib
from pathlib import Path

import click
import pytest
from markdown_page import ROOT, blocks

from genlab.cli.main import cli
from genlab.discovery import Registry, discover
from genlab.errors import RecipeError
from genlab.recipe import check, describe_keys, read_recipe

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = sorted(
    {
        line.removeprefix("$ ")
        for page in PAGES
        for block in blocks(page, "console")
        for line in block.splitlines()
        if line.startswith("$ genlab ")
    }
)
NAMES = {tomllib.loads(path.read_text(encoding="utf-8"))["name"]: path for path in (ROOT / "recipes").glob("*.toml")}
NEEDS_FILES_OF_ITS_PAGE = re.compile(r"geometric|factor-analysis|leaf-size|people|purchases|--plugin-file")
PLACEHOLDER = re.compile(r"RECIPE|SLOT/NAME")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return discover()


def parsed(line: str) -> click.Context:
    """Return the context of a command line, which parsing makes and nothing runs."""
    words = shlex.split(line)[1:]
    group = cli.make_context("genlab", list(words))
    name, command, rest = cli.resolve_command(group, words)
    assert command is not None
    return command.make_context(name, rest, parent=group)


def recipe_of(context: click.Context) -> Path | str | None:
    """Return the recipe that a command line speaks of, by its file or by its run's name."""
    if "run" in context.params:
        return NAMES.get(context.params["run"], context.params["run"])
    return context.params.get("recipe")


@pytest.mark.parametrize("line", [line for line in COMMANDS if not PLACEHOLDER.search(line)])
def test_a_command_on_a_page_is_one_that_genlab_takes(
    line: str, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT if "--recipe" not in line else tmp_path)
    for file in re.findall(r"--recipe (\S+)", line):  # click asks whether it is there
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()
    context = parsed(line)
    recipe = recipe_of(context)
    if recipe is not None and not NEEDS_FILES_OF_ITS_PAGE.search(line):
        assert check(read_recipe(recipe, context.params.get("overrides", ())), registry).name


def test_there_are_commands_on_the_pages() -> None:
    assert len(COMMANDS) > 10


FAULTY = """extends = "ddpm.toml"
name = "ddpm-short"

[train]
stpes = 500

[data]
batch_size = 0
"""


def message(path: Path | str, overrides: tuple[str, ...], registry: Registry) -> str:
    with pytest.raises(RecipeError) as caught:
        check(read_recipe(path, overrides), registry)
    return str(caught.value)


def test_the_faults_on_the_recipe_page_read_as_they_do(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / "recipes" / "ddpm.toml", tmp_path)
    (tmp_path / "short.toml").write_text(FAULTY, encoding="utf-8")
    shown = blocks(ROOT / "docs" / "reference" / "recipe.md", "text")
    with monkeypatch.context() as inside:
        inside.chdir(tmp_path)
        assert f"{message('short.toml', (), registry)}\n" == shown[0]
    monkeypatch.chdir(ROOT)
    assert f"{message('recipes/ddpm.toml', ('elbo.use=reparameterized',), registry)}\n" == shown[1]


def test_the_keys_on_the_page_about_data_are_keys_of_the_sources(registry: Registry) -> None:
    pages = [tomllib.loads(block)["data"] for block in blocks(ROOT / "docs" / "how-to" / "own-data.md", "toml")]
    assert {table["use"] for table in pages} == {"table", "array", "images"}
    for table in pages:
        source = registry.load(registry.find("data", table.pop("use")))
        assert set(table) <= {key.key for key in describe_keys(source)}
