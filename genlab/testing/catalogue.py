"""The catalogue: every check there is, the kit's own and those that plugins offer for their nested slots."""

import importlib
from types import ModuleType

from genlab.discovery import Registry
from genlab.errors import ComponentError
from genlab.testing.check import Check
from genlab.testing.laws import (
    accelerator,
    bound,
    configuration,
    data,
    description,
    elbo,
    family,
    features,
    figure,
    marginal,
    model,
    reconstruction,
    sampler,
    state,
    update,
)

LAWS: tuple[ModuleType, ...] = (
    configuration,
    data,
    model,
    family,
    description,
    state,
    elbo,
    bound,
    update,
    sampler,
    marginal,
    reconstruction,
    accelerator,
    features,
    figure,
)


def checks(registry: Registry) -> tuple[Check, ...]:
    """Return all checks: the kit's own first, each module's in its own order.

    Args:
        registry: whose plugins' checks to add.

    Raises:
        ComponentError: when a plugin names a module of checks that cannot be imported.
    """
    modules = [*LAWS, *map(_imported, registry.check_modules())]
    return tuple(value for module in modules for value in vars(module).values() if isinstance(value, Check))


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise ComponentError(f"the module {name!r}, which a plugin names in genlab_checks, fails: {reason}.") from error
