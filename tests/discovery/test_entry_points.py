import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from genlab.discovery import PluginStatus, Registry, discover, loading
from genlab.errors import GenlabWarning

GOOD = """
from genlab.plugin import Component, hookimpl

@hookimpl
def genlab_components():
    yield Component("network", "{name}", "recipe_toys:Dense", "a toy")
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs a plugin for one test, alone beside what is installed."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("GENLAB_BLOCK", raising=False)

    def install_one(distribution: str, code: str, *, name: str | None = None, module: str | None = None) -> None:
        module = module or f"{distribution}_plugin"
        (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{distribution}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.5\n")
        (info / "entry_points.txt").write_text(f"[genlab]\n{name or distribution} = {module}\n")
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install_one


def status(registry: Registry, distribution: str) -> PluginStatus:
    (found,) = (plugin for plugin in registry.plugins if plugin.distribution == distribution)
    return found


def discover_broken(distribution: str) -> PluginStatus:
    with pytest.warns(GenlabWarning, match=f"plugin '{distribution}' of {distribution} 1.5 is not in use"):
        return status(discover(), distribution)


def test_an_installed_plugin_is_found(install: Install) -> None:
    install("demo", GOOD.format(name="demo-net"))
    registry = discover()
    assert status(registry, "demo") == PluginStatus("demo", "demo", "1.5", "ok", components=1)
    assert registry.find("network", "demo-net").distribution == "demo"


def test_two_plugins_with_the_same_entry_point_name_are_both_found(install: Install) -> None:
    install("one", GOOD.format(name="first"), name="same")
    install("two", GOOD.format(name="second"), name="same")
    registry = discover()
    assert status(registry, "one").status == status(registry, "two").status == "ok"
    assert {component.name for component in registry.components("network")} >= {"first", "second"}


@pytest.mark.parametrize(
    ("code", "expected", "reason"),
    [
        ("raise RuntimeError('broken')", "import error", "RuntimeError: broken."),
        ("raise SystemExit(3)", "import error", "SystemExit: 3."),
        ("import no_such_package.inner", "missing dependency", "it needs the package 'no_such_package', which is not"),
        ("import demo_plugin.inner", "import error", "No module named 'demo_plugin.inner'"),
        ("genlab_requires = '>=99'", "incompatible", "it needs genlab >=99, got "),
        ("genlab_requires = 'new'", "invalid", "genlab_requires must be a version specifier, got 'new'."),
        ("genlab_requires = 3", "invalid", "genlab_requires must be a version specifier, got 3."),
        (GOOD.format(name="Not A Name"), "invalid", "a component's name must be lower case with hyphens, got"),
        (GOOD.replace('"network"', '""'), "invalid", "a component's slot must be lower case with hyphens, got ''."),
        (GOOD.replace(":Dense", ""), "invalid", "must have a target 'package.module:Class', got 'recipe_toys'."),
        (GOOD.replace('"a toy"', '"a toy", ("a b",)'), "invalid", "must have requirements such as 'scipy>=1.11', got"),
        (GOOD.replace('"a toy"', '"a toy", "scipy"'), "invalid", "must have a tuple of requirements, got the string"),
        (GOOD + '    yield Component("network", "{name}", "a:B", "")', "invalid", "is declared twice."),
        (GOOD.replace("yield Component", "yield"), "invalid", "genlab_components must yield Component objects, got ("),
        (GOOD + "    raise OSError('disk')", "invalid", "genlab_components raised OSError: disk."),
        (GOOD.replace("components", "componets"), "invalid", "'genlab_componets' is not a hook of genlab."),
    ],
)
def test_a_broken_plugin_has_a_status_and_a_reason(install: Install, code: str, expected: str, reason: str) -> None:
    install("demo", code.replace("{name}", "net"))
    found = discover_broken("demo")
    assert found.status == expected
    assert reason in found.reason


def test_a_broken_plugin_keeps_no_hooks(install: Install) -> None:
    code = "\n@hookimpl\ndef genlab_environment():\n    return {'demo': 'yes'}\n"
    install("demo", GOOD.format(name="Not A Name") + code)
    with pytest.warns(GenlabWarning):
        registry = discover()
    assert {"demo": "yes"} not in registry.hooks.call("genlab_environment")


def test_a_development_version_counts_as_the_release_it_leads_to(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "installed_version", lambda: "0.7.0.dev0")
    install("demo", "genlab_requires = '>=0.7'")
    assert status(discover(), "demo").status == "ok"


@pytest.mark.parametrize("name", ["demo", "demo:demo"])
def test_a_plugin_can_be_blocked(install: Install, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    install("demo", "raise RuntimeError('never imported')")
    assert status(discover(blocked=[name]), "demo").status == "blocked"
    monkeypatch.setenv("GENLAB_BLOCK", f"other, {name}")
    assert status(discover(), "demo").reason == "GENLAB_BLOCK names it."


def test_all_plugins_but_the_core_can_be_switched_off(install: Install) -> None:
    install("demo", "raise RuntimeError('never imported')")
    registry = discover(no_plugins=True)
    assert status(registry, "demo").status == "blocked"
    assert {plugin.distribution for plugin in registry.plugins if plugin.status == "ok"} <= {"genlab"}


def test_discovery_and_reading_import_neither_torch_nor_pydantic() -> None:
    code = (
        "import sys, genlab; genlab.discover(); genlab.read_recipe; genlab.__version__; "
        "print([name for name in ('torch', 'pydantic', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
