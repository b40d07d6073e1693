"""One table of a recipe against one constructor: its keys, its nested parts, and its defaults."""

import inspect
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from genlab.discovery import RegisteredComponent, Registry
from genlab.errors import ComponentError, Fault
from genlab.interfaces.part import Part
from genlab.recipe.candidates import written_candidates
from genlab.recipe.partners import suits
from genlab.recipe.recipe import Recipe
from genlab.recipe.scanning import Key, dotted
from genlab.recipe.signature import REQUIRED, KeySignature, Signature, part_interface, signature_of
from genlab.recipe.values import InvalidValueError, absolute, checked_value, shown
from genlab.spelling import did_you_mean, listing

_ABSENT: Any = object()


class TableChecker:
    """Checks the tables of one recipe and collects what is wrong with them.

    Attributes:
        faults: what is wrong with the recipe.
        component_faults: what is wrong with the components it names.
        parts: the recipe's parts by slot, those that are checked so far.
        candidates: the values of each key that was given several.
    """

    def __init__(self, recipe: Recipe, registry: Registry) -> None:
        self._recipe = recipe
        self._registry = registry
        self.faults: list[Fault] = []
        self.component_faults: list[Fault] = []
        self.parts: dict[str, Part[Any]] = {}
        self.candidates: dict[Key, tuple[Any, ...]] = {}

    def fault(self, path: Key, problem: str) -> None:
        """Note that something is wrong at a path."""
        self.faults.append(Fault(self._recipe.origin(path), dotted(path), problem))

    def choices(self, slot: str) -> str:
        """Return the components of a slot as a sentence."""
        names = listing(dict.fromkeys(component.name for component in self._registry.components(slot)))
        return f" Installed: {names}." if names else f" No installed plugin offers any {slot}."

    def part(
        self, path: Key, table: Any, slot: str, interface: type, default: Part[Any] | None = None
    ) -> tuple[Part[Any], dict[str, Any]] | None:
        """Check a table that names a component.

        Args:
            path: where the table is.
            table: what the recipe has there.
            slot: the kind of component.
            interface: the class it must have.
            default: the part whose keys the table changes where it names no component.

        Returns:
            The part with the keys it was given, and the same as TOML with all defaults; None after a fault that
            left no component to check against.
        """
        if not isinstance(table, Mapping):
            hint = f" Write {dotted(path)}.use = {shown(table)}." if isinstance(table, str) else ""
            self.fault(path, f"must be a table, got {shown(table)}.{hint}")
            return None
        name = table.get("use")
        if name is None and default is not None:
            keys, resolved = self.keys(path, table, default.target, default_keys=default.keys)
            return Part(default.target, dict(default.keys) | keys), self._use(slot, default) | resolved
        if name is None:
            self.fault(path, f"must name its component with 'use'.{self.choices(slot)}")
            return None
        if not isinstance(name, str):
            self.fault((*path, "use"), f"must be the name of a component, got {shown(name)}.")
            return None
        target = self._component(path, slot, name, interface)
        if target is None:
            return None
        own = {key: value for key, value in table.items() if key != "use"}
        keys, resolved = self.keys(path, own, target, owner=name)
        return Part(target, keys), {"use": name} | resolved

    def keys(
        self,
        path: Key,
        table: Mapping[str, Any],
        target: Any,
        *,
        owner: str = "",
        default_keys: Mapping[str, Any] | None = None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Check the keys of a table against a constructor.

        Args:
            path: where the table is.
            table: its keys.
            target: the class or function they are for.
            owner: the component's name; by default the table's.
            default_keys: values of keys the table does not give, before the constructor's own defaults.

        Returns:
            The keys that were given, as the constructor takes them, and all keys as TOML values.
        """
        signature = self._signature(path, target)
        if signature is None:
            return {}, {}
        known = [key.name for key in signature.keys]
        for name in table:
            if name not in known:
                takes = f"{owner or dotted(path)} takes {listing(known) if known else 'no keys'}"
                self.fault((*path, name), f"unknown key; {takes}.{did_you_mean(name, known)}")
        given: dict[str, Any] = {}
        resolved: dict[str, Any] = {}
        for key in signature.keys:
            default = (default_keys or {}).get(key.name, key.default)
            if key.name in table:
                value, plain = self._value((*path, key.name), table[key.name], key, default)
                if value is not _ABSENT:
                    given[key.name] = value
            elif key.required and default is key.default:
                origin = self._recipe.origin((*path, "use"))
                self.faults.append(Fault(origin, dotted((*path, key.name)), "must be given; it has no default."))
                continue
            else:
                plain = self._plain(default, key)
            if plain is not None:
                resolved[key.name] = plain
        return given, resolved

    def _value(self, path: Key, value: Any, key: KeySignature, default: Any) -> tuple[Any, Any]:
        interface = part_interface(key.annotation)
        if interface is not None:
            slot = self._slot(path, interface)
            nested = default if isinstance(default, Part) else None
            built = self.part(path, value, slot, interface, nested) if slot else None
            return built if built is not None else (_ABSENT, None)
        try:
            candidates = written_candidates(value) if key.takes_candidates else None
            if candidates is not None:
                return self._candidates(path, candidates, key)
            checked = checked_value(value, key.annotation, self._recipe.folder(path))
        except InvalidValueError as error:
            self.fault(path, str(error))
            return _ABSENT, None
        except ComponentError as error:
            self._component_fault(path, str(error))
            return _ABSENT, None
        return checked, self._plain(checked, key)

    def _candidates(self, path: Key, candidates: list[Any], key: KeySignature) -> tuple[Any, Any]:
        """Check each candidate; the constructor's value is the first, and the recipe keeps them all."""
        checked = []
        for number, candidate in enumerate(candidates, start=1):
            try:
                checked.append(checked_value(candidate, key.annotation, self._recipe.folder(path)))
            except InvalidValueError as error:
                raise InvalidValueError(f"candidate {number} {error}") from None
        plain = [self._plain(value, key) for value in checked]
        self.candidates[path] = tuple(plain)
        return checked[0], plain

    def _component(self, path: Key, slot: str, name: str, interface: type) -> Any:
        try:
            if len(self._registry.named(slot, name)) > 1 and self._something_is_wrong():
                return None  # which one is meant may depend on a part that is itself at fault
            component = self._registry.find(slot, name, fits=lambda found: self._fits(found, interface))
            target = self._registry.load(component)
        except ComponentError as error:
            self._component_fault((*path, "use"), str(error))
            return None
        if not has_interface(target, interface):
            message = f"{slot} {name!r} must be a {interface.__name__}, got the class {target.__name__}."
            self._component_fault((*path, "use"), message)
            return None
        return target

    def _something_is_wrong(self) -> bool:
        """Whether a fault was found, or will be: parts that do not fit one another."""
        misfits = any(not suits(part.target, self.parts) for part in self.parts.values())
        return bool(self.faults or self.component_faults) or misfits

    def _fits(self, component: RegisteredComponent, interface: type) -> bool:
        try:
            target = self._registry.load(component)
        except ComponentError:
            return False
        return has_interface(target, interface) and suits(target, self.parts)

    def _signature(self, path: Key, target: Any) -> Signature | None:
        try:
            return signature_of(target)
        except ComponentError as error:
            self._component_fault(path, str(error))
            return None

    def _slot(self, path: Key, interface: Any) -> str | None:
        slot = getattr(interface, "slot", None)
        if not isinstance(slot, str):
            self._component_fault(path, f"{interface!r} must have an attribute 'slot' to be a nested part.")
            return None
        return slot

    def _component_fault(self, path: Key, problem: str) -> None:
        self.component_faults.append(Fault(self._recipe.origin(path), dotted(path), problem))

    def _plain(self, value: Any, key: KeySignature) -> Any:
        """Return a value as TOML has it; None where TOML has nothing for it."""
        if isinstance(value, Part):
            interface = part_interface(key.annotation)
            return self._use(getattr(interface, "slot", ""), value) | self._plain_keys(value)
        return _toml(value)

    def _plain_keys(self, part: Part[Any]) -> dict[str, Any]:
        """Return the keys of a default part as TOML, its own defaults filled in."""
        try:
            keys = signature_of(part.target).keys
        except ComponentError:
            return {}
        given = [(key, part.keys.get(key.name, key.default)) for key in keys]
        plain = {key.name: self._plain(value, key) for key, value in given if value is not REQUIRED}
        return {name: value for name, value in plain.items() if value is not None}

    def _use(self, slot: str, part: Part[Any]) -> dict[str, Any]:
        """Return `use` for a default part; without a name in the registry it stays the constructor's default."""
        try:
            return {"use": self._registry.name_of(slot, part.target)}
        except ComponentError:
            return {}


def has_interface(target: Any, interface: type) -> bool:
    """Whether a component builds parts of a class, as far as can be told before it is built."""
    return not (inspect.isclass(target) and inspect.isclass(interface)) or issubclass(target, interface)


def _toml(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _toml(item) for name, item in value.items() if item is not None}
    if isinstance(value, set | frozenset):
        return sorted(_toml(item) for item in value)
    if isinstance(value, list | tuple):
        return [_toml(item) for item in value if item is not None]
    if isinstance(value, Enum):
        return value.value
    return str(absolute(value, Path.cwd())) if isinstance(value, Path) else value
