from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from genlab.recipe.merging import Layer, Origin, merge
from genlab.recipe.scanning import Key

names = st.sampled_from(["use", "a", "b", "c"])
leaves = st.sampled_from(["x", "y"]) | st.integers(0, 3)
tables = st.recursive(
    st.dictionaries(names, leaves, max_size=3), lambda inner: st.dictionaries(names, leaves | inner, max_size=3)
)


def layer(tables: dict[str, Any], label: str) -> Layer:
    origins: dict[Key, Origin] = {(): Origin(label, Path(label))}

    def note(table: dict[str, Any], path: Key) -> None:
        for name, value in table.items():
            origins[(*path, name)] = origins[()]
            if isinstance(value, dict):
                note(value, (*path, name))

    note(tables, ())
    return Layer(tables, origins)


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    return dict(merge(layer(below, "below"), layer(above, "above")).tables)


def test_tables_merge_key_by_key() -> None:
    assert merged({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}) == {"a": {"b": 1, "c": 3}}


def test_a_table_with_another_use_replaces_the_table_below_whole() -> None:
    assert merged({"a": {"use": "x", "b": 1}}, {"a": {"use": "y"}}) == {"a": {"use": "y"}}


def test_a_table_with_the_same_use_merges() -> None:
    assert merged({"a": {"use": "x", "b": 1}}, {"a": {"use": "x", "c": 2}}) == {"a": {"use": "x", "b": 1, "c": 2}}


def test_a_use_replaces_keys_meant_for_a_default_component() -> None:
    assert merged({"a": {"b": 1}}, {"a": {"use": "y"}}) == {"a": {"use": "y"}}


def test_the_rule_holds_for_nested_tables() -> None:
    below = {"model": {"use": "m", "width": 1, "network": {"use": "x", "b": 1}}}
    above = {"model": {"network": {"use": "y"}}}
    assert merged(below, above) == {"model": {"use": "m", "width": 1, "network": {"use": "y"}}}


def test_lists_are_replaced_not_joined() -> None:
    assert merged({"a": [1, 2]}, {"a": [3]}) == {"a": [3]}


@given(tables, tables)
def test_everything_above_is_in_the_result(below: dict[str, Any], above: dict[str, Any]) -> None:
    result = merged(below, above)
    assert merged(result, above) == result
    assert merged({}, above) == above
    assert merged(below, {}) == below


@given(tables, tables)
def test_every_leaf_keeps_the_origin_of_the_layer_it_came_from(below: dict[str, Any], above: dict[str, Any]) -> None:
    low, high = layer(below, "below"), layer(above, "above")
    result = merge(low, high)

    def at(table: Any, path: Key) -> Any:
        for name in path:
            table = table.get(name) if isinstance(table, dict) else None
        return table

    for path, origin in result.origins.items():
        value = at(result.tables, path)
        assert value is not None
        if not isinstance(value, dict):
            assert value == at(above if origin.label == "above" else below, path)
            assert origin.label == ("below" if at(above, path) is None else "above")


@given(tables, tables)
def test_merging_changes_neither_layer(below: dict[str, Any], above: dict[str, Any]) -> None:
    low, high = layer(below, "below"), layer(above, "above")
    before = repr((low, high))
    result = merge(low, high)
    for value in result.tables.values():
        if isinstance(value, dict):
            value["new"] = 1
    assert repr((low, high)) == before
