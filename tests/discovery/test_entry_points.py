import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from genlab.discovery import PluginStatus, Registry, discover, loading, timing
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
        (GOOD.replace("components", "componets"), "invalid", "is not a hook of genlab. Did you mean 'genlab_compone"),
        (GOOD.replace("@hookimpl", ""), "invalid", "'genlab_components' must be marked with @hookimpl, and is not."),
        ("def genlab_recipe():\n    return []", "invalid", "is not a hook of genlab. Did you mean 'genlab_recipes'?"),
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


def test_all_plugins_but_those_of_genlab_itself_can_be_switched_off(install: Install) -> None:
    install("demo", "raise RuntimeError('never imported')")
    registry = discover(no_plugins=True)
    assert status(registry, "demo").status == "blocked"
    in_use = {plugin.name for plugin in registry.plugins if plugin.status == "ok"}
    assert in_use == {plugin.name for plugin in registry.plugins if plugin.distribution == "genlab"}
    assert "core" in in_use


def test_blocking_a_plugin_that_is_not_there_is_a_warning_with_the_nearest_name(install: Install) -> None:
    install("demo", GOOD.format(name="demo-net"))
    with pytest.warns(GenlabWarning, match=r"there is no plugin 'dmo' to block\. Did you mean 'demo'\?"):
        assert status(discover(blocked=["dmo"]), "demo").status == "ok"


@pytest.fixture
def slow_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every import seem to take two seconds."""
    monkeypatch.setattr(timing, "time", SimpleNamespace(perf_counter=itertools.count(0, 2).__next__))


@pytest.mark.usefixtures("slow_clock")
def test_a_slow_plugin_is_a_warning_that_names_what_it_imports(install: Install, tmp_path: Path) -> None:
    package = tmp_path / "heavy_package_of_demo"
    package.mkdir()
    (package / "__init__.py").write_text("from . import inner")
    (package / "inner.py").write_text("")
    install("demo", "import heavy_package_of_demo\n" + GOOD.format(name="demo-net"))
    with pytest.warns(GenlabWarning) as caught:
        found = status(discover(), "demo")
    (message,) = (str(warning.message) for warning in caught if "'demo'" in str(warning.message))
    assert (found.status, found.load_seconds, found.slow_because) == ("ok", 2, "heavy_package_of_demo")
    assert "plugin 'demo' of demo 1.5 took 2.0 s to load, and every command waits for it." in message
    assert "It imports 'heavy_package_of_demo' at once." in message


def test_a_module_offered_by_two_entry_points_is_refused_the_second_time(install: Install) -> None:
    install("one", GOOD.format(name="first"), module="same_module")
    install("two", GOOD.format(name="first"), module="same_module")
    found = discover_broken("two")
    assert found.status == "invalid"
    assert "already registered" in found.reason


def test_discovery_and_reading_import_neither_torch_nor_pydantic() -> None:
    code = (
        "import sys, genlab; genlab.discover(); genlab.read_recipe; genlab.__version__; "
        "print([name for name in ('torch', 'pydantic', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
