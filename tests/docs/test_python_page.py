"""The Python page: its code runs as it stands, from top to bottom."""

import linecache
from pathlib import Path
from typing import Any

import pytest
import torch
from markdown_page import ROOT, blocks

PAGE = ROOT / "docs" / "tutorials" / "python.md"


def test_the_code_on_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "python_page"}
    with torch.random.fork_rng(devices=[]):
        for number, block in enumerate(blocks(PAGE, "python"), start=1):
            file = f"<block {number} of python.md>"
            linecache.cache[file] = (len(block), None, block.splitlines(keepends=True), file)
            exec(compile(block, file, "exec"), names)
    assert (tmp_path / "digits.png").stat().st_size > 0
    assert "converged" in capsys.readouterr().out
