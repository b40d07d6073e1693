"""Hook calls in which one plugin's exception does not keep the others from being called."""

import warnings
from collections.abc import Iterator
from typing import Any

import pluggy

from genlab.errors import GenlabWarning
from genlab.plugin import Hooks
from genlab.spelling import did_you_mean


class GuardedHooks:
    """The hook implementations of all plugins.

    pluggy registers and orders them; the calls are made here one by one, because a call through pluggy ends at
    the first exception.
    """

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager("genlab")
        self._manager.add_hookspecs(Hooks)

    def register(self, plugin: object, name: str | None = None) -> None:
        """Add an object's or module's hook implementations.

        Args:
            plugin: what has functions or methods marked with `genlab.plugin.hookimpl`.
            name: what warnings call it; by default its own name.

        Raises:
            ValueError: when it is registered already, or one of its hooks cannot be called as `Hooks` says.
        """
        try:
            self._manager.register(plugin, name)
        except pluggy.PluginValidationError as error:
            self.unregister(plugin)
            raise ValueError(" ".join(str(error).split())) from error
        problem = self._problem(plugin)
        if problem:
            self.unregister(plugin)
            raise ValueError(problem)

    def unregister(self, plugin: object) -> None:
        """Forget an object's hook implementations; nothing happens where it has none here."""
        if self._manager.is_registered(plugin):
            self._manager.unregister(plugin)

    def call(self, hook: str, **arguments: Any) -> list[Any]:
        """Call every implementation of a hook, the last registered first.

        An exception becomes a `GenlabWarning` that names the plugin, and the next implementation is called.

        Args:
            hook: its name in `genlab.plugin.Hooks`.
            arguments: the hook's arguments, all of them.

        Returns:
            The results that are not None; an iterator's items as a tuple.
        """
        results = []
        for implementation in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            try:
                result = implementation.function(*(arguments[name] for name in implementation.argnames))
                result = tuple(result) if isinstance(result, Iterator) else result
            except Exception as error:
                message = f"plugin {implementation.plugin_name!r} failed in {hook}: {type(error).__name__}: {error}."
                warnings.warn(message, GenlabWarning, stacklevel=2)
            else:
                if result is not None:
                    results.append(result)
        return results

    def _problem(self, plugin: object) -> str | None:
        """Return what keeps the calls of `call` from reaching every hook of a plugin."""
        for caller in self._manager.get_hookcallers(plugin) or []:
            own = next(impl for impl in caller.get_hookimpls() if impl.plugin is plugin)
            if not caller.has_spec() and not own.optionalhook:
                known = [name for name in vars(Hooks) if name.startswith("genlab_")]
                return f"{caller.name!r} is not a hook of genlab.{did_you_mean(caller.name, known)}"
            if own.wrapper or own.hookwrapper:
                return f"{caller.name!r} must not be a hook wrapper."
        return None
