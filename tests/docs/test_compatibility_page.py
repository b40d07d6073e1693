"""The page on compatibility: the modules it calls public are there, and what it says of versions holds."""

import importlib
import re
import tomllib

import pytest
from markdown_page import ROOT, blocks
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from genlab.discovery import Registry
from genlab.plugin import hookimpl
from genlab.version import installed_version

PAGE = ROOT / "docs" / "reference" / "compatibility.md"
PUBLIC = re.findall(r"^\| `(genlab\.[\w.]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("module", PUBLIC)
def test_a_public_module_is_there(module: str) -> None:
    assert importlib.import_module(module).__doc__


def test_genlab_s_own_plugins_may_import_no_module_that_is_not_public() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {one["name"]: one for one in project["tool"]["importlinter"]["contracts"]}
    forbidden = contracts["Plugins use only the core's public modules"]["forbidden_modules"]
    assert set(forbidden).isdisjoint(PUBLIC)
    assert {"genlab.cli", "genlab.run", "genlab.assembly", "genlab.recipe", "genlab.discovery"} <= set(forbidden)


def test_the_range_on_the_page_admits_this_version() -> None:
    scope: dict[str, str] = {}
    (code,) = blocks(PAGE, "python")
    exec(code, scope)
    assert SpecifierSet(scope["genlab_requires"]).contains(Version(installed_version()).base_version)


def test_a_hook_of_a_later_version_is_ignored_when_it_is_optional() -> None:
    class Plugin:
        @hookimpl(optionalhook=True)
        def genlab_hook_of_a_later_version(self) -> None: ...

        @hookimpl
        def genlab_step_logged(self) -> None: ...  # takes none of the arguments the hook has

    registry = Registry.from_plugins({"later": Plugin()})
    assert registry.plugins[0].status == "ok"
    assert registry.hooks.call("genlab_step_logged", run=None, metrics={}) == []
