"""What a Markdown page holds besides prose: fenced blocks and links."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language, in order."""
    found = _FENCE.findall(page.read_text(encoding="utf-8"))
    return [text for name, text in found if name == language]


def links(page: Path) -> list[str]:
    """Return the targets of the page's links and pictures."""
    return _LINK.findall(page.read_text(encoding="utf-8"))
