"""What the house style asks of the source, as far as a program can see it."""

import ast
import importlib
import inspect
import itertools
import warnings
from pathlib import Path

import pytest
from markdown_page import ROOT

from genlab.discovery import RegisteredComponent, discover
from genlab.errors import GenlabWarning
from genlab.recipe import describe_keys

PACKAGES = ("genlab", "plugins/genlab_mixture", "plugins/genlab_vae", "plugins/genlab_ddpm")
MODULES = sorted(itertools.chain.from_iterable((ROOT / package).rglob("*.py") for package in PACKAGES))
VAGUE_NAMES = {"utils", "helpers", "common", "misc", "base"}
with warnings.catch_warnings():
    warnings.simplefilter("ignore", GenlabWarning)  # a plugin that does not load fails the test about it below
    REGISTRY = discover()
OWN_COMPONENTS = [component for component in REGISTRY.components() if component.distribution == "genlab"]


def path_of(module: Path) -> str:
    return str(module.relative_to(ROOT))


def parsed(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def test_every_module_opens_with_what_it_is_about() -> None:
    silent = [path_of(module) for module in MODULES if not ast.get_docstring(parsed(module))]
    assert silent == []


def test_no_module_is_long_and_most_are_under_300_lines() -> None:
    lengths = {path_of(module): len(module.read_text(encoding="utf-8").splitlines()) for module in MODULES}
    assert {path: length for path, length in lengths.items() if length > 400} == {}
    assert sorted(lengths.values())[int(0.9 * len(lengths))] < 300


def test_no_function_is_over_60_lines() -> None:
    long = [
        f"{path_of(module)}: {node.name}"
        for module in MODULES
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= 60
    ]
    assert long == []


def test_every_module_is_named_for_an_idea() -> None:
    assert [path_of(module) for module in MODULES if module.stem in VAGUE_NAMES] == []


def test_no_module_reads_a_pickle() -> None:
    for module in MODULES:
        nodes = list(ast.walk(parsed(module)))
        imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        called = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
        assert not imported & {"pickle", "dill", "cloudpickle"}, path_of(module)
        assert "torch.load" not in called, path_of(module)


def component_id(component: RegisteredComponent) -> str:
    return f"{component.slot}/{component.name}"


def test_every_plugin_of_genlab_loads() -> None:
    own = {plugin.name: plugin.status for plugin in REGISTRY.plugins if plugin.distribution == "genlab"}
    assert own == dict.fromkeys(("core", "mixture", "vae", "ddpm"), "ok")


@pytest.mark.parametrize("component", OWN_COMPONENTS, ids=component_id)
def test_a_component_has_a_constructor_a_recipe_can_fill_and_a_line_for_every_key(
    component: RegisteredComponent,
) -> None:
    target = REGISTRY.load(component)
    undocumented = [key.key for key in describe_keys(target) if not key.doc]
    assert not undocumented
    assert inspect.getdoc(target)
    assert component.summary


def test_every_public_name_of_the_package_can_be_had() -> None:
    genlab = importlib.import_module("genlab")
    for name in dir(genlab):
        assert getattr(genlab, name, None) is not None or name.startswith("__")
