"""The page on how plugins are found: its states are the ones there are, and its plugin file works."""

from pathlib import Path
from typing import get_args

import pytest
from markdown_page import ROOT, blocks

from genlab.discovery import discover
from genlab.discovery.loading import Status

PAGE = ROOT / "docs" / "reference" / "discovery.md"


@pytest.mark.parametrize("status", get_args(Status))
def test_every_state_is_explained(status: str) -> None:
    assert f"| `{status}` |" in PAGE.read_text(encoding="utf-8")


def test_the_plugin_file_on_the_page_offers_what_it_says(tmp_path: Path) -> None:
    (code,) = blocks(PAGE, "python")
    file = tmp_path / code.partition("\n")[0].removeprefix("# ")
    file.write_text(code, encoding="utf-8")
    registry = discover(plugin_files=[file])
    assert registry.load(registry.find("sampler", "zeros"))().draw.__doc__ == "Return zeros."
