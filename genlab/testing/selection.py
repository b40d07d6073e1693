"""Which components a name means: one component, all of one name, or all of a plugin or a distribution."""

from packaging.utils import canonicalize_name

from genlab.discovery import RegisteredComponent, Registry
from genlab.errors import ComponentError
from genlab.spelling import did_you_mean


def components_called(name: str, registry: Registry) -> tuple[RegisteredComponent, ...]:
    """Return the components that a name means.

    Args:
        name: `slot/name`; or a plugin or a distribution, for all it offers; or a component's name, in whatever slot.
        registry: where to look.

    Raises:
        ComponentError: when it means none.
    """
    slot, slash, rest = name.partition("/")
    if slash:
        return registry.named(slot, rest)
    offered = registry.components()
    provider = canonicalize_name(name)
    found = tuple(c for c in offered if name == c.plugin or provider == canonicalize_name(c.distribution))
    if found:
        return found
    for plugin in registry.plugins:
        if name in (plugin.name, plugin.distribution) and plugin.status != "ok":
            raise ComponentError(f"plugin {plugin.name!r} is not in use ({plugin.status}): {plugin.reason}")
    found = tuple(c for c in offered if name in (c.name, c.qualified_name))
    if not found:
        known = {name for c in offered for name in (c.name, c.plugin, c.distribution)}
        raise ComponentError(
            f"there is no component, plugin or distribution {name!r}. `genlab components` and `genlab plugins` list "
            f"them.{did_you_mean(name, known)}"
        )
    return found
