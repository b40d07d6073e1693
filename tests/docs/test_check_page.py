"""The pages on checking a component: what they show works, and every check is in the reference."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from docs.test_plugin_page import PAGE as PLUGIN_PAGE
from docs.test_plugin_page import PLUGINS, TABLES
from markdown_page import ROOT, blocks

from genlab.discovery import Registry, discover
from genlab.plugin import hookimpl
from genlab.recipe import Recipe
from genlab.testing import checks, run_checks
from genlab.testing.expectation import read_expectations

PAGE = ROOT / "docs" / "how-to" / "check-a-component.md"


class Laws:
    @hookimpl
    def genlab_checks(self) -> list[str]:
        return ["genlab_geometric.testing"]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    for block in (*blocks(PLUGIN_PAGE, "python"), *blocks(PAGE, "python")):
        if block.startswith("# genlab_geometric/"):
            file = tmp_path / block.partition("\n")[0].removeprefix("# ")
            file.parent.mkdir(exist_ok=True)
            file.write_text(block, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.startswith("genlab_geometric")]:
        monkeypatch.delitem(sys.modules, name)
    plugins: dict[str, Any] = {name.partition(".")[0]: importlib.import_module(name) for name in PLUGINS}
    return Registry.from_plugins(plugins | {"laws": Laws()})


def test_the_law_on_the_page_is_checked(registry: Registry) -> None:
    report = run_checks("schedule/geometric", registry=registry, recipes=[Recipe.from_tables(TABLES)])
    outcomes = {result.check: result.outcome for result in report.results}
    assert outcomes["noise_is_added_at_every_step"] == "passed"
    (law,) = (one for one in checks(registry) if one.name == "noise_is_added_at_every_step")
    assert law.demands == "Every variance is above 0."


def test_the_expected_failure_on_the_page_is_read(tmp_path: Path) -> None:
    (block,) = blocks(PAGE, "toml")
    (tmp_path / "expected-failures.toml").write_text(block, encoding="utf-8")
    (one,) = read_expectations(tmp_path / "expected-failures.toml")
    assert one.concerns("sampler/heun", "ddpm-learned-variance", "draws_follow_the_marginal")
    assert not one.concerns("sampler/ddim", "ddpm-learned-variance", "draws_follow_the_marginal")


def test_every_check_is_in_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs" / "_extensions")
    text = importlib.import_module("generated_pages").checks_text(discover())
    assert [one.name for one in checks(discover()) if f"### `{one.name}`\n\n{one.demands}" not in text] == []
