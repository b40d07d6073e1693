import sys
from pathlib import Path
from typing import Any

import pytest
from recipe_toys import Cosine, Dense, Plain, ToyPlugin, toy_registry

from genlab.discovery import Registry
from genlab.errors import ComponentError, GenlabWarning
from genlab.plugin import Component, hookimpl


def offering(*components: Component) -> Any:
    class Plugin:
        @hookimpl
        def genlab_components(self) -> Any:
            return components

    return Plugin()


def part(name: str, target: str = "recipe_toys:Dense", requires: tuple[str, ...] = ()) -> Component:
    return Component("network", name, target, "a toy", requires)


def test_components_are_listed_by_slot_the_core_s_first() -> None:
    registry = toy_registry()
    assert registry.components()[0].distribution == "genlab"
    assert [component.name for component in registry.components("elbo")] == ["trace", "closed", "picky"]
    found = registry.find("elbo", "closed")
    assert (found.distribution, found.plugin, found.summary) == ("toys", "toys", "a toy")


def test_a_component_is_imported_when_it_is_loaded() -> None:
    registry = toy_registry()
    assert registry.load(registry.find("model", "plain")) is Plain


def test_names_that_several_plugins_give_are_shared() -> None:
    registry = Registry.from_plugins({"a:one": offering(part("x"), part("y")), "b:two": offering(part("x"))})
    ((name, sharing),) = registry.shared_names().items()
    assert name == "network/x"
    assert [component.plugin for component in sharing] == ["one", "two"]


def test_an_unknown_name_lists_the_installed_ones_and_the_nearest() -> None:
    with pytest.raises(ComponentError) as raised:
        toy_registry().find("schedule", "cosin")
    assert str(raised.value) == (
        "there is no schedule 'cosin'; installed: 'cosine', 'linear', 'no-schedule'. Did you mean 'cosine'?"
    )


def test_an_unknown_slot_says_that_nothing_offers_it() -> None:
    with pytest.raises(ComponentError, match="there is no flow 'x'; no installed plugin offers any flow"):
        toy_registry().find("flow", "x")


def test_a_plugin_that_is_not_in_use_is_named_where_it_might_have_helped() -> None:
    registry = Registry.from_plugins({"broken": offering(part("Bad Name")), "toys": ToyPlugin()})
    with pytest.raises(
        ComponentError, match=r"Plugin 'broken' of broken might offer it, but is not in use \(invalid\)"
    ):
        registry.find("network", "conv")


def test_a_name_offered_twice_must_be_qualified() -> None:
    registry = Registry.from_plugins({"a:one": offering(part("x")), "b:two": offering(part("x"))})
    with pytest.raises(ComponentError) as raised:
        registry.find("network", "x")
    assert str(raised.value) == "network 'x' is offered by a and by b. Write one of 'a:x', 'b:x'."
    assert registry.find("network", "b:x").plugin == "two"
    assert registry.name_of("network", registry.load(registry.find("network", "a:x"))) == "a:x"


def test_a_distribution_s_name_may_be_spelled_as_pip_allows() -> None:
    registry = Registry.from_plugins({"My_Dist:one": offering(part("x"))})
    assert registry.find("network", "my-dist:x").name == "x"


def test_two_plugins_of_one_distribution_can_only_be_blocked() -> None:
    registry = Registry.from_plugins({"a:one": offering(part("x")), "a:two": offering(part("x"))})
    with pytest.raises(ComponentError, match=r"by plugins 'one' and by 'two'\. Block one of them"):
        registry.find("network", "x")


def test_the_name_of_a_class_is_that_of_its_component() -> None:
    registry = toy_registry()
    assert registry.name_of("schedule", Cosine) == "cosine"
    with pytest.raises(ComponentError, match="Dense must be registered in slot 'model' to be named in a recipe"):
        registry.name_of("model", Dense)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (part("x", "no_such_module:X"), "cannot be imported from no_such_module:X: ModuleNotFoundError"),
        (part("x", "recipe_toys:Missing"), "cannot be imported from recipe_toys:Missing: AttributeError"),
        (part("x", "recipe_toys:__doc__"), "must be a class or a function, got "),
        (part("x", requires=("no-such-dist",)), "cannot be used: no-such-dist must be installed, and is not."),
        (part("x", requires=("pytest<1",)), "cannot be used: pytest<1 must be installed, got pytest "),
    ],
)
def test_a_component_that_cannot_be_loaded_says_why(component: Component, message: str) -> None:
    registry = Registry.from_plugins({"a": offering(component)})
    with pytest.raises(ComponentError) as raised:
        registry.load(registry.find("network", "x"))
    assert str(raised.value).startswith("network 'x' of a ")
    assert message in str(raised.value)


def test_a_component_whose_module_exits_is_an_error_not_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "exits_at_once.py").write_text("raise SystemExit(0)")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    registry = Registry.from_plugins({"a": offering(part("x", "exits_at_once:X"))})
    with pytest.raises(ComponentError, match="SystemExit"):
        registry.load(registry.find("network", "x"))


def test_recipe_paths_of_all_plugins_are_collected_though_one_fails() -> None:
    class Good:
        @hookimpl
        def genlab_recipes(self) -> Any:
            yield Path("good")

    class Bad:
        @hookimpl
        def genlab_recipes(self) -> Any:
            yield Path("half")
            raise OSError("disk")

    registry = Registry.from_plugins({"bad": Bad(), "good": Good()})
    with pytest.warns(GenlabWarning, match="plugin 'bad:bad' failed in genlab_recipes: OSError: disk"):
        assert registry.recipe_paths() == (Path("good"),)
