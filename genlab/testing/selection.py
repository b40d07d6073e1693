"""Which components a name means: one component, all of one name, or all of a plugin or a distribution."""

from packaging.utils import canonicalize_name

from genlab.discovery import RegisteredComponent, Registry
from genlab.errors import ComponentError, UsageError
from genlab.spelling import did_you_mean, listing


def components_called(name: str, registry: Registry) -> tuple[RegisteredComponent, ...]:
    """Return the components that a name means.

    Args:
        name: `slot/name`; or a plugin or a distribution, for all it offers; or a component's name, in whatever slot.
            `provider:slot/name` and `provider:name` are those of one plugin or distribution alone.
        registry: where to look.

    Raises:
        ComponentError: when it means none.
        UsageError: when it is no name.
    """
    slot, slash, rest = name.partition("/")
    if not name.strip() or (slash and not (slot and rest)):
        raise UsageError(f"a component must be written SLOT/NAME, or NAME, or PROVIDER:SLOT/NAME, got {name!r}.")
    if slash:
        return _in_slot(slot, rest, registry)
    offered = registry.components()
    found = tuple(c for c in offered if _offers(c, name))
    if found:
        return found
    for plugin in registry.plugins:
        if name in (plugin.name, plugin.distribution) and plugin.status != "ok":
            raise ComponentError(f"plugin {plugin.name!r} is not in use ({plugin.status}): {plugin.reason}")
    before, colon, bare_name = name.rpartition(":")
    found = tuple(c for c in offered if c.name == bare_name and (not colon or _offers(c, before)))
    if not found:
        known = {name for c in offered for name in (c.name, c.plugin, c.distribution)}
        raise ComponentError(
            f"there is no component, plugin or distribution {name!r}. `genlab components` and `genlab plugins` list "
            f"them.{did_you_mean(name, known)}"
        )
    return found


def _in_slot(slot: str, name: str, registry: Registry) -> tuple[RegisteredComponent, ...]:
    """Return the components of `provider:slot/name`, or of `slot/provider:name`."""
    first, _, slot = slot.rpartition(":")
    second, _, bare_name = name.rpartition(":")
    found = registry.named(slot, bare_name)
    for provider in filter(None, [*first.split(":"), *second.split(":")]):
        chosen = tuple(component for component in found if _offers(component, provider))
        if not chosen:
            providers = dict.fromkeys(f"{c.plugin}:{slot}/{bare_name}" for c in found)
            raise ComponentError(f"{provider!r} offers no {slot} {bare_name!r}; there is {listing(providers)}.")
        found = chosen
    return found


def _offers(component: RegisteredComponent, provider: str) -> bool:
    """Whether a component is of a plugin or a distribution of that name."""
    return provider == component.plugin or canonicalize_name(provider) == canonicalize_name(component.distribution)
