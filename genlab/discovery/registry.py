"""The registry: every component that can be used, found by slot and name."""

import functools
import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from genlab.discovery.hooks import GuardedHooks
from genlab.discovery.loading import (
    PluginSource,
    PluginStatus,
    RegisteredComponent,
    load_plugin,
    unmet_requirement,
)
from genlab.errors import ComponentError
from genlab.spelling import did_you_mean, listing


class Registry:
    """The plugins of this process, with what became of each, their components and their hooks.

    Attributes:
        plugins: one status a plugin, those in use and those not.
        hooks: the plugins' hook implementations.
    """

    def __init__(self, sources: Iterable[PluginSource], set_aside: Iterable[PluginStatus] = ()) -> None:
        """Make one.

        Args:
            sources: the plugins to load, in the order their components are listed.
            set_aside: plugins that are not to be loaded, e.g. blocked ones.
        """
        self._sources, self._set_aside = tuple(sources), tuple(set_aside)
        self.hooks = GuardedHooks()
        statuses: list[PluginStatus] = []
        self._components: list[RegisteredComponent] = []
        for source in self._sources:
            status, components = load_plugin(source, self.hooks)
            statuses.append(status)
            self._components.extend(components)
        self.plugins: tuple[PluginStatus, ...] = (*statuses, *self._set_aside)

    @classmethod
    def from_plugins(cls, plugins: Mapping[str, Any]) -> "Registry":
        """Return a registry of plugins that are in memory already.

        Args:
            plugins: modules or objects with hook implementations, by name. A name of the form
                `distribution:name` tells the two apart; otherwise they are the same.
        """
        sources = []
        for label, plugin in plugins.items():
            distribution, _, name = label.rpartition(":")
            sources.append(PluginSource(name, distribution or name, "0", functools.partial(_itself, plugin)))
        return cls(sources)

    def with_plugins(self, sources: Iterable[PluginSource]) -> "Registry":
        """Return a registry of the same plugins and some more."""
        return Registry([*self._sources, *sources], self._set_aside)

    def components(self, slot: str | None = None) -> tuple[RegisteredComponent, ...]:
        """Return the components of a slot, or all; the core's first."""
        return tuple(component for component in self._components if slot in (None, component.slot))

    def named(self, slot: str, name: str) -> tuple[RegisteredComponent, ...]:
        """Return every component that a name may mean.

        Args:
            slot: the kind of part.
            name: `name`, or `distribution:name` where several distributions offer it.

        Raises:
            ComponentError: when there is none.
        """
        distribution, _, bare_name = name.rpartition(":")
        matches = tuple(
            component
            for component in self.components(slot)
            if component.name == bare_name
            and (not distribution or canonicalize_name(component.distribution) == canonicalize_name(distribution))
        )
        if not matches:
            raise ComponentError(self._unknown(slot, name))
        return matches

    def find(
        self, slot: str, name: str, fits: Callable[[RegisteredComponent], bool] | None = None
    ) -> RegisteredComponent:
        """Return the component a recipe means.

        Args:
            slot: the kind of part.
            name: as `named` takes it.
            fits: where several share the name, whether one of them suits the recipe's other parts; when it singles
                one out, that is the one. So an `ancestral` sampler is the model's own.

        Raises:
            ComponentError: when there is none, or there are several.
        """
        matches = self.named(slot, name)
        if len(matches) > 1 and fits is not None:
            fitting = tuple(component for component in matches if fits(component))
            matches = fitting if len(fitting) == 1 else matches
        if len(matches) > 1:
            choices = sorted({component.qualified_name for component in matches})
            if len(choices) > 1:
                offered = f"is offered by {' and by '.join(sorted(component.distribution for component in matches))}"
                fix = f"Write one of {listing(choices)}."
            else:
                plugins = " and by ".join(repr(name) for name in sorted(component.plugin for component in matches))
                offered, fix = f"is offered by plugins {plugins}", "Block one of them with GENLAB_BLOCK."
            raise ComponentError(f"{slot} {name!r} {offered}. {fix}")
        return matches[0]

    def load(self, component: RegisteredComponent) -> Callable[..., Any]:
        """Import a component's target: a class, or a function returning an instance.

        Raises:
            ComponentError: when something it requires is not installed, or it cannot be imported.
        """
        who = f"{component.slot} {component.name!r} of {component.distribution}"
        unmet = unmet_requirement(component.requires)
        if unmet is not None:
            raise ComponentError(f"{who} cannot be used: {unmet}")
        module, _, path = component.target.partition(":")
        try:
            target: Any = importlib.import_module(module)
            for attribute in path.split("."):
                target = getattr(target, attribute)
        except (Exception, SystemExit) as error:
            reason = f"{type(error).__name__}: {error}"
            raise ComponentError(f"{who} cannot be imported from {component.target}: {reason}.") from error
        if not callable(target):
            raise ComponentError(f"{who} must be a class or a function, got {target!r} at {component.target}.")
        return target  # type: ignore[no-any-return]

    def name_of(self, slot: str, target: Callable[..., Any]) -> str:
        """Return the name under which a recipe finds a class or function.

        Raises:
            ComponentError: when no component of the slot has this target.
        """
        component = self.component_of(slot, target)
        offering = {other.distribution for other in self.components(slot) if other.name == component.name}
        return component.name if len(offering) == 1 else component.qualified_name

    def component_of(self, slot: str, target: Callable[..., Any]) -> RegisteredComponent:
        """Return the component whose target is a class or function that is imported already.

        Raises:
            ComponentError: when no component of the slot has this target.
        """
        for component in self.components(slot):
            module, _, path = component.target.partition(":")
            found: Any = sys.modules.get(module)
            for attribute in path.split("."):
                found = getattr(found, attribute, None)
            if found is target:
                return component
        who = getattr(target, "__qualname__", repr(target))
        raise ComponentError(f"{who} must be registered in slot {slot!r} to be named in a recipe, and is not.")

    def shared_names(self) -> dict[str, tuple[RegisteredComponent, ...]]:
        """Return the components that share their slot and name with another plugin's, by `slot/name`."""
        found: dict[str, list[RegisteredComponent]] = {}
        for component in self._components:
            found.setdefault(f"{component.slot}/{component.name}", []).append(component)
        return {name: tuple(sharing) for name, sharing in sorted(found.items()) if len(sharing) > 1}

    def recipe_paths(self) -> tuple[Path, ...]:
        """Return the folders and files of recipes of all plugins."""
        return tuple(Path(path) for paths in reversed(self.hooks.call("genlab_recipes")) for path in paths)

    def check_recipe_paths(self) -> tuple[Path, ...]:
        """Return the folders and files of recipes in which plugins want their components checked."""
        return tuple(Path(path) for paths in reversed(self.hooks.call("genlab_check_recipes")) for path in paths)

    def check_modules(self) -> tuple[str, ...]:
        """Return the modules that hold plugins' own checks."""
        return tuple(str(module) for modules in reversed(self.hooks.call("genlab_checks")) for module in modules)

    def _unknown(self, slot: str, name: str) -> str:
        names = [component.name for component in self.components(slot)]
        if names:
            message = f"there is no {slot} {name!r}; installed: {listing(dict.fromkeys(names))}."
        else:
            message = f"there is no {slot} {name!r}; no installed plugin offers any {slot}."
            message += did_you_mean(slot, {component.slot for component in self._components})
        message += did_you_mean(name.rpartition(":")[2], names)
        for plugin in self.plugins:
            if plugin.status != "ok":
                message += f" Plugin {plugin.name!r} of {plugin.distribution} might offer it, but is not in use"
                message += f" ({plugin.status}): {plugin.reason}"
        return message


def _itself(plugin: Any) -> Any:
    return plugin
