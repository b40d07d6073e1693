"""Plugins that are one file, given by its path."""

import sys
from pathlib import Path

import pytest

from genlab.discovery import PluginStatus, Registry, discover
from genlab.errors import ComponentError, UsageError

CODE = """
from dataclasses import dataclass
from genlab.plugin import Component, hookimpl

@hookimpl
def genlab_components():
    yield Component("schedule", "from-a-file", f"{__name__}:Mine", "a schedule in a file")

@dataclass(frozen=True)
class Mine:
    slot = "schedule"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my-parts.py"
    path.write_text(CODE)
    return path


def the_file(registry: Registry) -> PluginStatus:
    (found,) = (plugin for plugin in registry.plugins if plugin.file is not None)
    return found


def test_a_file_offers_its_components_under_its_own_name(file: Path) -> None:
    registry = discover(plugin_files=[file])
    found = the_file(registry)
    assert (found.name, found.distribution, found.status, found.components) == ("my-parts", "my-parts.py", "ok", 1)
    assert found.file == file
    target = registry.load(registry.find("schedule", "from-a-file"))
    assert target.__name__ == "Mine"
    assert registry.name_of("schedule", target) == "from-a-file"
    assert registry.find("schedule", "my-parts.py:from-a-file").plugin == "my-parts"


def test_a_file_is_loaded_though_plugins_are_switched_off_and_once_though_given_twice(file: Path) -> None:
    assert the_file(discover(no_plugins=True, plugin_files=[file, str(file)])).status == "ok"


def test_a_file_can_be_blocked_like_any_plugin(file: Path) -> None:
    assert the_file(discover(plugin_files=[file], blocked=["my-parts"])).status == "blocked"


def test_a_file_is_imported_once_and_again_when_its_content_changes(file: Path) -> None:
    def target() -> object:
        registry = discover(plugin_files=[file])
        return registry.load(registry.find("schedule", "from-a-file"))

    first = target()
    assert target() is first
    file.write_text(CODE + "\n")
    assert target() is not first


def test_a_file_shadows_no_module_of_its_name(tmp_path: Path) -> None:
    json = sys.modules["json"]
    path = tmp_path / "json.py"
    path.write_text(CODE)
    discover(plugin_files=[path])
    assert sys.modules["json"] is json


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.py", "a plugin file must be readable, got '.*absent.py': No such file"),
        ("notes.txt", r"a plugin file must be a Python file ending in \.py, got '.*notes.txt'"),
    ],
)
def test_a_file_that_is_not_there_is_an_error(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        discover(plugin_files=[tmp_path / name])


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise RuntimeError('broken')", r"\(import error\): RuntimeError: broken"),
        ("def (", r"\(import error\): SyntaxError: "),
        ("import no_such_package", r"\(missing dependency\): it needs the package 'no_such_package'"),
        ("genlab_requires = '>=99'", r"\(incompatible\): it needs genlab >=99"),
        (CODE.replace("genlab_components", "genlab_componets"), r"\(invalid\): .*Did you mean 'genlab_components'"),
    ],
)
def test_a_file_that_is_broken_is_an_error(file: Path, code: str, reason: str) -> None:
    file.write_text(code)
    with pytest.raises(ComponentError, match=f"plugin file .*my-parts.py cannot be used {reason}"):
        discover(plugin_files=[file])


def test_a_file_that_cannot_be_imported_leaves_no_module_behind(file: Path) -> None:
    file.write_text("raise RuntimeError")
    modules = set(sys.modules)
    with pytest.raises(ComponentError):
        discover(plugin_files=[file])
    assert set(sys.modules) == modules
