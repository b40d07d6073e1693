"""The page about mixtures: followed from top to bottom, it prints what it shows."""

import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_page import ROOT

from genlab.cli.main import main

PAGE = ROOT / "docs" / "tutorials" / "mixtures.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"# (\w+\.\w+)\n")
_NUMBER = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+\.?\d*(?:e[+-]\d+)?")
_SECONDS = re.compile(r"[\d.]+( +converged)")


def steps() -> Iterator[tuple[str, str]]:
    """Yield the page's blocks, each with its language."""
    for match in _BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        yield match.group(1), match.group(2)


def assert_shown(block: str, printed: str) -> None:
    """Assert that the lines of a block were printed in this order, their numbers within rounding."""
    left = [words(line) for line in printed.splitlines()]
    for line in filter(str.strip, block.splitlines()):
        here = next((place for place, other in enumerate(left) if alike(words(line), other)), None)
        assert here is not None, f"{line!r} is on the page and was not printed:\n{printed}"
        del left[: here + 1]


def words(line: str) -> tuple[list[str], list[float]]:
    """Return what a line says without its numbers, and those, without how many seconds something took."""
    line = _SECONDS.sub(r"\1", line)
    numbers = [float(number.replace(",", "")) for number in _NUMBER.findall(line)]
    return re.sub(r"─+", "─", _NUMBER.sub("#", line)).replace(",", " ").split(), numbers


def alike(shown: tuple[list[str], list[float]], printed: tuple[list[str], list[float]]) -> bool:
    return shown[0] == printed[0] and printed[1] == pytest.approx(shown[1], rel=5e-3, abs=2e-3)


def test_what_the_page_shows_is_what_its_commands_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    printed = ""
    for language, block in steps():
        named = _NAME.match(block)
        if named:
            body = block if language != "text" else block.removeprefix(named.group(0))
            Path(named.group(1)).write_text(body, encoding="utf-8")
            if language == "python":
                runpy.run_path(named.group(1))
        elif language == "console":
            printed = "".join(output_of(line.removeprefix("$ "), capsys) for line in block.splitlines())
        else:
            assert_shown(block, printed)


def output_of(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what a command prints, and the file it writes."""
    arguments = shlex.split(line)[1:]
    assert main([*arguments, "-s", "accelerator.use=cpu"]) == 0, capsys.readouterr().err
    captured = capsys.readouterr()
    file = Path(arguments[-1])
    return captured.err + captured.out + (file.read_text(encoding="utf-8") if file.suffix == ".csv" else "")
