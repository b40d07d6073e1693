"""Loading one plugin: what it offers, or why it cannot be used."""

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from genlab.discovery.hooks import GuardedHooks
from genlab.discovery.timing import Timed, timed
from genlab.plugin import Component, Hooks
from genlab.spelling import did_you_mean
from genlab.version import installed_version

Status = Literal["ok", "blocked", "incompatible", "missing dependency", "import error", "invalid"]

_NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
_TARGET = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True)
class PluginSource:
    """A plugin before it is loaded.

    Attributes:
        name: its entry point's name.
        distribution: what to `pip install`; of a plugin file, the file's name.
        version: the distribution's version.
        load: imports the plugin's module and returns it.
        file: the plugin file it is; None for an installed plugin.
        sha256: that file's content; empty for an installed plugin.
    """

    name: str
    distribution: str
    version: str
    load: Callable[[], Any]
    file: Path | None = None
    sha256: str = ""


@dataclass(frozen=True)
class PluginStatus:
    """What became of a plugin.

    Attributes:
        name, distribution, version, file, sha256: as in its source.
        status: `ok`, or why its components are not available.
        reason: one sentence where the status is not `ok`.
        components: how many components it offers.
        load_seconds: how long its module took to import; None where it was not imported.
        slow_because: the package that its module imported most of; empty where it imported no other.
    """

    name: str
    distribution: str
    version: str
    status: Status
    reason: str = ""
    components: int = 0
    load_seconds: float | None = field(default=None, compare=False)
    slow_because: str = field(default="", compare=False)
    file: Path | None = None
    sha256: str = ""

    @classmethod
    def of(cls, source: PluginSource, status: Status, reason: str = "") -> "PluginStatus":
        """Return the status of a source that offers nothing, or nothing yet."""
        who = (source.name, source.distribution, source.version)
        return cls(*who, status, reason, file=source.file, sha256=source.sha256)


@dataclass(frozen=True)
class RegisteredComponent:
    """A component and who offers it. The first five attributes are those of `genlab.plugin.Component`."""

    slot: str
    name: str
    target: str
    summary: str
    requires: tuple[str, ...]
    distribution: str
    plugin: str

    @property
    def qualified_name(self) -> str:
        """The name that stays unambiguous when another distribution offers the same: `distribution:name`."""
        return f"{self.distribution}:{self.name}"


class PluginProblemError(Exception):
    """Why a plugin cannot be used; it never leaves this package."""

    def __init__(self, status: Status, reason: str) -> None:
        """Make one.

        Args:
            status: what `genlab plugins` shows.
            reason: one sentence.
        """
        super().__init__(reason)
        self.status = status
        self.reason = reason


def load_plugin(source: PluginSource, hooks: GuardedHooks) -> tuple[PluginStatus, tuple[RegisteredComponent, ...]]:
    """Import one plugin, register its hooks and list its components; nothing a plugin does raises here."""
    clock = Timed()
    try:
        with timed(clock):
            plugin = _imported(source)
        _check_version(plugin)
        _check_hook_names(plugin)
        _register(source, plugin, hooks)
        try:
            components = _components(source, plugin)
        except PluginProblemError:
            hooks.unregister(plugin)
            raise
    except PluginProblemError as fault:
        return replace(PluginStatus.of(source, fault.status, fault.reason), load_seconds=clock.seconds), ()
    status = replace(PluginStatus.of(source, "ok"), components=len(components))
    return replace(status, load_seconds=clock.seconds, slow_because=clock.heaviest_package), components


def unmet_requirement(requires: Iterable[str]) -> str | None:
    """Return what is wrong with the first distribution that is missing or of another version, if any."""
    for text in requires:
        requirement = Requirement(text)
        try:
            installed = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            return f"{text} must be installed, and is not."
        if not requirement.specifier.contains(installed, prereleases=True):
            return f"{text} must be installed, got {requirement.name} {installed}."
    return None


def _imported(source: PluginSource) -> Any:
    try:
        return source.load()
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package and package != _package(source):
            reason = f"it needs the package {package!r}, which is not installed."
            raise PluginProblemError("missing dependency", reason) from error
        raise PluginProblemError("import error", f"{error}.") from error
    except (Exception, SystemExit) as error:  # a plugin that exits while it is imported is broken too
        raise PluginProblemError("import error", f"{type(error).__name__}: {error}.") from error


def _package(source: PluginSource) -> str:
    """Return the top-level package an entry point names: a missing one is the plugin's own fault."""
    entry_point = getattr(source.load, "__self__", None)
    return str(getattr(entry_point, "module", "")).partition(".")[0]


def _check_version(plugin: Any) -> None:
    wanted = getattr(plugin, "genlab_requires", None)
    if wanted is None:
        return
    try:
        specifiers = SpecifierSet(wanted)
    except (InvalidSpecifier, TypeError, AttributeError) as error:
        raise PluginProblemError("invalid", f"genlab_requires must be a version specifier, got {wanted!r}.") from error
    installed = installed_version()
    # A development version counts as the release it leads to.
    if not specifiers.contains(Version(installed).base_version, prereleases=True):
        raise PluginProblemError("incompatible", f"it needs genlab {wanted}, got {installed}.")


def _check_hook_names(plugin: Any) -> None:
    """Raise for a function that has the name of a hook, or nearly so, and would never be called."""
    hooks = [name for name in vars(Hooks) if name.startswith("genlab_")]
    for name, value in getattr(plugin, "__dict__", {}).items():
        own = inspect.isfunction(value) and value.__module__ == getattr(plugin, "__name__", None)
        if not own or not name.startswith("genlab_") or hasattr(value, "genlab_impl"):
            continue
        if name in hooks:
            raise PluginProblemError("invalid", f"{name!r} must be marked with @hookimpl, and is not.")
        if hint := did_you_mean(name, hooks):
            raise PluginProblemError("invalid", f"{name!r} is not a hook of genlab.{hint}")


def _register(source: PluginSource, plugin: Any, hooks: GuardedHooks) -> None:
    try:
        hooks.register(plugin, f"{source.distribution}:{source.name}")
    except ValueError as error:
        raise PluginProblemError("invalid", str(error)) from error


def _components(source: PluginSource, plugin: Any) -> tuple[RegisteredComponent, ...]:
    declare = getattr(plugin, "genlab_components", None)
    if declare is None:
        return ()
    try:
        declared = tuple(declare())
    except (Exception, SystemExit) as error:
        raise PluginProblemError("invalid", f"genlab_components raised {type(error).__name__}: {error}.") from error
    seen: set[tuple[str, str]] = set()
    for component in declared:
        problem = _problem(component)
        if problem is None and (component.slot, component.name) in seen:
            problem = f"component {component.slot}/{component.name} is declared twice."
        if problem is not None:
            raise PluginProblemError("invalid", problem)
        seen.add((component.slot, component.name))
    return tuple(
        RegisteredComponent(c.slot, c.name, c.target, c.summary, tuple(c.requires), source.distribution, source.name)
        for c in declared
    )


def _problem(component: object) -> str | None:
    """Return what is wrong with a declaration, if anything is."""
    if not isinstance(component, Component):
        return f"genlab_components must yield Component objects, got {component!r}."
    for what, text in (("slot", component.slot), ("name", component.name)):
        if not isinstance(text, str) or not _NAME.fullmatch(text):
            return f"a component's {what} must be lower case with hyphens, got {text!r}."
    where = f"component {component.slot}/{component.name}"
    if not isinstance(component.target, str) or not _TARGET.fullmatch(component.target):
        return f"{where} must have a target 'package.module:Class', got {component.target!r}."
    if isinstance(component.requires, str):
        return f"{where} must have a tuple of requirements, got the string {component.requires!r}."
    for requirement in component.requires:
        try:
            Requirement(requirement)
        except InvalidRequirement:
            return f"{where} must have requirements such as 'scipy>=1.11', got {requirement!r}."
    return None
