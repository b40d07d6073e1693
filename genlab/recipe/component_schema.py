"""The JSON Schema of a table that names a component: `use` decides which keys may stand beside it.

Two kinds of definition are made of each slot and each component. The one of its *shape* says which keys there are and
what may stand in them; it holds for every table. The one called `complete` says what must be given besides; it holds
for a recipe that extends no other. `if` and `then` decide between components, because then a fault is reported of the
component that is meant. Editors do not look there for what they could complete, so each slot lists its components'
keys a second time, without constraints where components differ.
"""

import re
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from genlab.discovery import RegisteredComponent, Registry
from genlab.errors import ComponentError
from genlab.interfaces.part import Part
from genlab.recipe.describing import describe_keys
from genlab.recipe.signature import KeySignature, part_interface, signature_of
from genlab.recipe.tables import has_interface
from genlab.recipe.value_schema import Schema, value_schema

NO_USE: Schema = {"not": {"required": ["use"]}}


class Definitions:
    """The definitions of a schema, made as they are referred to.

    Attributes:
        made: the definitions by name.
    """

    def __init__(self, registry: Registry) -> None:
        """Begin without any.

        Args:
            registry: the components a recipe can name.
        """
        self._registry = registry
        self._slots: dict[tuple[str, Any], str] = {}
        self.made: dict[str, Schema] = {}

    def slot(self, slot: str, interface: Any) -> str:
        """Define the tables of a slot and return the definition's name; `complete.` before it is the other one's."""
        if (slot, interface) not in self._slots:
            name = slot if slot not in self._slots.values() else f"{slot}.{getattr(interface, '__name__', interface)}"
            self._slots[slot, interface] = name  # before it is made: a part may hold parts of its own slot
            self.made |= {name: {}, f"complete.{name}": {}}
            self._define_slot(name, slot, interface)
        return self._slots[slot, interface]

    def table(self, name: str, target: Callable[..., Any], *, use: bool = False) -> None:
        """Define a table whose keys are those of a constructor.

        Args:
            name: the definition's.
            target: the class or function.
            use: whether `use` may stand in the table too.
        """
        docs = {key.key: key.doc for key in describe_keys(target, self._registry)}
        keys = signature_of(target).keys
        properties: dict[str, Schema | bool] = {"use": True} if use else {}
        self.made[name] = {"type": "object", "properties": properties, "additionalProperties": False}
        for key in keys:
            properties[key.name] = self._key(key, docs[key.name])
        needs = {key.name: needed for key in keys if (needed := self._complete_key(key))}
        self.made[f"complete.{name}"] = {
            "required": [key.name for key in keys if key.required],
            "properties": needs,
        }

    def part_default(self, slot_name: str, component: str) -> Schema:
        """Return what a table of a slot must hold where it may leave out `use`, and then means a component."""
        default = {"allOf": [reference(component), reference(f"complete.{component}")]}
        return {"if": NO_USE, "then": default, "else": reference(f"complete.{slot_name}")}

    def component(self, slot: str, target: Any) -> str | None:
        """Return the name of a component's definition; None where no plugin offers it."""
        for offered in self._registry.components(slot):
            try:
                if self._registry.load(offered) is target:
                    return self._component_name(offered)
            except ComponentError:
                continue
        return None

    def _define_slot(self, name: str, slot: str, interface: Any) -> None:
        offered = [found for found in self._registry.components(slot) if self._suits(found, interface)]
        for component in offered:
            self._define_component(component)
        meanings = _meanings(offered)
        summaries = [" / ".join(component.summary for component in meant) for meant in meanings.values()]
        choices = {
            "type": "string",
            "enum": list(meanings),
            "description": f"The {slot}'s component.",
            "x-taplo": {"docs": {"enumValues": summaries}},
        }
        bodies = [self.made[self._component_name(component)] for component in offered]
        keys = _merged_keys({c.name: body for c, body in zip(offered, bodies, strict=True)})
        self.made[name] = {
            "type": "object",
            "properties": {"use": choices, **keys},
            "allOf": [*self._branches(meanings, ""), *_known_keys(keys, bodies)],
            "x-taplo": {"initKeys": ["use"]},
        }
        self.made[f"complete.{name}"] = {"required": ["use"], "allOf": self._branches(meanings, "complete.")}

    def _define_component(self, component: RegisteredComponent) -> None:
        name = self._component_name(component)
        if name in self.made:
            return
        self.made |= {name: {}, f"complete.{name}": {}}
        try:
            self.table(name, self._registry.load(component), use=True)
        except ComponentError as error:  # its keys cannot be known: any may be right
            self.made[name] = {"type": "object", "description": str(error)}

    def _branches(self, meanings: Mapping[str, tuple[RegisteredComponent, ...]], prefix: str) -> list[Schema]:
        """Return for each component, or for several of one name, what holds where `use` names it."""
        written: dict[tuple[RegisteredComponent, ...], list[str]] = {}
        for text, components in meanings.items():
            written.setdefault(components, []).append(text)
        branches = []
        for components, texts in written.items():
            options = [reference(f"{prefix}{self._component_name(component)}") for component in components]
            named = {"properties": {"use": {"enum": texts}}, "required": ["use"]}
            branches.append({"if": named, "then": options[0] if len(options) == 1 else {"anyOf": options}})
        return branches

    def _key(self, key: KeySignature, doc: str) -> Schema:
        interface = part_interface(key.annotation)
        if interface is None:
            schema = value_schema(key.annotation)
        else:
            schema = {"allOf": [reference(self.slot(getattr(interface, "slot", ""), interface))]}
        extras: Schema = {"description": doc} if doc else {}
        default = self._default(key)
        return schema | extras | ({} if default is None else {"default": default})

    def _complete_key(self, key: KeySignature) -> Schema | None:
        """Return what a nested part must hold in a recipe that extends no other."""
        interface = part_interface(key.annotation)
        if interface is None:
            return None
        name = self.slot(getattr(interface, "slot", ""), interface)
        if not isinstance(key.default, Part):
            return reference(f"complete.{name}")
        component = self.component(getattr(interface, "slot", ""), key.default.target)
        if component is None:
            return None
        schema = self.part_default(name, component)
        if key.default.keys:  # these are given already: only the shape can be demanded
            schema["then"] = reference(component)
        return schema

    def _default(self, key: KeySignature) -> Any:
        if not isinstance(key.default, Part):
            return None if key.required else _plain(key.default)
        interface = part_interface(key.annotation)
        try:
            use = self._registry.name_of(getattr(interface, "slot", ""), key.default.target)
        except ComponentError:
            return None
        return {"use": use, **_plain(key.default.keys)}

    def _component_name(self, component: RegisteredComponent) -> str:
        name = f"{component.slot}.{component.name}"
        namesakes = [other for other in self._registry.components(component.slot) if other.name == component.name]
        if len(namesakes) > 1:
            name += f".{component.distribution}.{component.plugin}"
        return re.sub(r"[^\w.-]", "-", name)

    def _suits(self, component: RegisteredComponent, interface: Any) -> bool:
        try:
            return has_interface(self._registry.load(component), interface)
        except ComponentError:
            return True  # it may be there on the machine that runs the recipe


def reference(name: str) -> Schema:
    """Return a schema that stands for a definition."""
    return {"$ref": f"#/definitions/{name}"}


def _meanings(components: list[RegisteredComponent]) -> dict[str, tuple[RegisteredComponent, ...]]:
    """Return what `use` may say, plain names first, and which components each may mean."""
    meanings: dict[str, tuple[RegisteredComponent, ...]] = {}
    spellings = [(component.name, component) for component in components]
    spellings += [(component.qualified_name, component) for component in components]
    for spelling, component in spellings:
        meanings[spelling] = (*meanings.get(spelling, ()), component)
    return meanings


def _known_keys(keys: Mapping[str, Any], bodies: list[Schema]) -> list[Schema]:
    """Return what holds of a table without `use`: its keys are some component's, as far as they are known."""
    if any("properties" not in body for body in bodies):
        return []
    return [{"if": NO_USE, "then": {"propertyNames": {"enum": ["use", *keys]}}}]


def _merged_keys(bodies: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the keys of several components, each with what they agree on."""
    merged: dict[str, Schema] = {}
    for key in dict.fromkeys(key for body in bodies.values() for key in body.get("properties", {}) if key != "use"):
        found = {name: body["properties"][key] for name, body in bodies.items() if key in body.get("properties", {})}
        first, *others = found.values()
        if any(schema != first for schema in others):
            docs = "\n\n".join(f"{name}: {schema.get('description', '')}" for name, schema in found.items())
            rules = [_without(schema, "description", "default") for schema in found.values()]
            agreed = rules[0] if all(rule == rules[0] for rule in rules) else {}
            first = agreed | {"description": docs}
        merged[key] = first
    return merged


def _without(schema: Schema, *words: str) -> Schema:
    return {word: rule for word, rule in schema.items() if word not in words}


def _plain(value: Any) -> Any:
    """Return a default as JSON has it."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(_plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return value.as_posix() if isinstance(value, Path) else value
