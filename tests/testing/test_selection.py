import pytest
from kit_toys import registry
from toy import ToyPlugin

import genlab.parts.plugin
from genlab.discovery import Registry
from genlab.errors import ComponentError, UsageError
from genlab.testing.selection import components_called


@pytest.fixture
def twice() -> Registry:
    """A registry in which two plugins of one distribution, and one of another, offer the same components."""
    plugins = {"genlab:core": genlab.parts.plugin, "toys:one": ToyPlugin(), "toys:two": ToyPlugin()}
    return Registry.from_plugins(plugins | {"Other_Toys:three": ToyPlugin()})


@pytest.mark.parametrize(
    ("name", "plugins"),
    [
        ("model/toy", ["one", "two", "three"]),
        ("one:model/toy", ["one"]),
        ("model/two:toy", ["two"]),
        ("toys:model/toy", ["one", "two"]),
        ("toys:two:model/toy", ["two"]),
        ("other-toys:model/toy", ["three"]),
    ],
)
def test_a_shared_name_is_narrowed_to_a_plugin_or_a_distribution(
    twice: Registry, name: str, plugins: list[str]
) -> None:
    found = components_called(name, twice)
    assert [component.plugin for component in found] == plugins
    assert {(component.slot, component.name) for component in found} == {("model", "toy")}


def test_a_name_without_a_slot_is_narrowed_too(twice: Registry) -> None:
    found = components_called("two:toy", twice)
    assert {component.plugin for component in found} == {"two"}
    assert {component.slot for component in found} > {"model", "family", "data"}


def test_one_that_does_not_offer_it_is_an_error_with_those_that_do(twice: Registry) -> None:
    with pytest.raises(ComponentError, match="'core' offers no model 'toy'; there is 'one:model/toy', 'two:model/toy'"):
        components_called("core:model/toy", twice)


@pytest.mark.parametrize("name", ["", " ", "/", "model/", "/toy"])
def test_what_is_no_name_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError, match="must be written SLOT/NAME"):
        components_called(name, registry())


def test_a_misspelled_slot_is_told_the_nearest() -> None:
    with pytest.raises(ComponentError, match=r"there is no modle 'toy'.* Did you mean 'model'"):
        components_called("modle/toy", registry())
