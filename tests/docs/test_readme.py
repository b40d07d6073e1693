"""The README: its commands are the ones that are checked, and its links lead somewhere."""

from pathlib import Path

import pytest
from markdown_page import ROOT, blocks, links

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts)
README_COMMANDS = {
    "run": "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/genlab run recipes/ddpm.toml",
    "test": "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest",
}


def path_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("command", README_COMMANDS.values(), ids=README_COMMANDS.keys())
def test_the_readme_gives_the_command(command: str) -> None:
    assert command in "\n".join(blocks(ROOT / "README.md", "console"))


def test_continuous_integration_does_what_the_readme_says() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for step in ("python3 -m venv", "-e '.[test]'", 'genlab" run recipes/ddpm.toml', '/pytest"'):
        assert step in script


@pytest.mark.parametrize("page", PAGES, ids=path_of)
def test_a_link_to_a_file_leads_to_one(page: Path) -> None:
    targets = [link.partition("#")[0] for link in links(page) if "://" not in link]
    missing = [target for target in targets if target and not (page.parent / target).exists()]
    assert missing == []


def test_the_recipe_in_the_readme_is_the_one_that_runs() -> None:
    (shown,) = blocks(ROOT / "README.md", "toml")
    written = [line.strip() for line in (ROOT / "recipes" / "ddpm.toml").read_text(encoding="utf-8").splitlines()]
    assert [line for line in shown.splitlines() if line.strip() not in written] == []
