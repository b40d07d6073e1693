"""The guide for each kind of part: its plugin file keeps the laws, by the command that the page shows."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_page import ROOT, blocks

from genlab.cli.main import main
from genlab.discovery import discover
from genlab.interfaces import Part
from genlab.recipe.table_names import PART_TABLES

FILE = re.compile(r"# (\w+\.(?:py|toml))\n")
GUIDES = [
    page
    for page in sorted((ROOT / "docs" / "how-to").glob("write-a*-*.md"))
    if any(FILE.match(block) for block in blocks(page, "python"))
]
CHECKS = {
    page.stem: [line.removeprefix("$ genlab ") for block in blocks(page, "console") for line in block.splitlines()]
    for page in GUIDES
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the files of all guides."""
    for page in GUIDES:
        for block in (*blocks(page, "python"), *blocks(page, "toml")):
            heading = FILE.match(block)
            if heading:
                (tmp_path / heading[1]).write_text(block, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_is_a_guide_for_every_slot(folder: Path) -> None:
    registry = discover(plugin_files=sorted(folder.glob("*.py")))
    files = {plugin.name for plugin in registry.plugins if plugin.file is not None}
    slots = {component.slot for component in registry.components() if component.plugin in files}
    assert {*PART_TABLES, "features", "figure", "spread"} == slots


@pytest.mark.parametrize("guide", CHECKS)
@pytest.mark.usefixtures("folder")
def test_the_component_of_a_guide_keeps_the_laws(guide: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(shlex.split(CHECKS[guide][0])) == 0, capsys.readouterr().out
    assert " passed" in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_a_sampler_at_another_temperature_fails_the_check_on_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(shlex.split(CHECKS["write-a-sampler"][1])) == 1
    assert re.findall(r"failed (\w+):", capsys.readouterr().out) == ["draws_follow_the_marginal"]


@pytest.fixture
def by_name(folder: Path) -> Callable[..., object]:
    registry = discover(plugin_files=[folder / "by_name.py"])
    return registry.load(registry.find("accelerator", "by-name"))


def test_a_device_that_is_not_there_is_an_error_that_names_it(by_name: Callable[..., object]) -> None:
    with pytest.raises(Exception, match=r"accelerator\.device must be there, got 'nonsense'") as caught:
        Part(by_name, {"device": "nonsense"})()
    assert getattr(caught.value, "exit_code", None) == 5
