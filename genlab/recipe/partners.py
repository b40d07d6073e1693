"""Whether the parts of a recipe fit together, as far as their classes tell.

A part depends on another by injecting it (a positional-only parameter of that class) or by naming it in
`partners`. A part is checked against the class the other component builds.
"""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from genlab.discovery.registry import Registry
from genlab.errors import ComponentError, Fault
from genlab.interfaces import Accelerator, DataSource, ELBOEstimator, LatentModel, Part, Sampler, VariationalFamily
from genlab.recipe.recipe import Recipe
from genlab.recipe.signature import produced_class, signature_of, target_name, union_options

_INJECTABLE = (DataSource, LatentModel, VariationalFamily, ELBOEstimator, Sampler, Accelerator)


def partners_of(target: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a component asks of others: a slot, and the class (or union) that slot's part must have."""
    partners = getattr(produced_class(target), "partners", {})
    yield from dict(partners).items()
    for wanted in signature_of(target).injected:
        slot = slot_of(wanted)
        if slot is not None:
            yield slot, wanted


def slot_of(wanted: Any) -> str | None:
    """Return the slot whose parts an injected parameter's class speaks of; None for data and settings."""
    for option in union_options(wanted):
        for interface in _INJECTABLE:
            if inspect.isclass(option) and issubclass(option, interface):
                return interface.slot
    return None


def partner_faults(
    recipe: Recipe, registry: Registry, parts: Mapping[str, Part[Any]], evaluation: Part[ELBOEstimator] | None
) -> list[Fault]:
    """Return a fault for every part whose partner has another class than it needs.

    Args:
        recipe: for the places of the faults.
        registry: for other components that would fit.
        parts: the parts by slot, as far as they are known.
        evaluation: the estimator of `eval.elbo`, if there is one.
    """
    faults = []
    places: list[tuple[tuple[str, ...], str, Part[Any]]] = [((slot,), slot, part) for slot, part in parts.items()]
    if evaluation is not None:
        places.append((("eval", "elbo"), "elbo", evaluation))
    for path, slot, part in places:
        for partner, wanted in _partners(part.target):
            if partner in parts and _misfits(parts[partner].target, wanted):
                use = (*path, "use")
                problem = _problem(registry, (slot, part), (partner, parts[partner]), wanted)
                fix = _fix(registry, ".".join(use), slot, parts)
                faults.append(Fault(recipe.origin(use), ".".join(use), problem + fix))
                break
    return faults


def suits(target: Any, parts: Mapping[str, Part[Any]]) -> bool:
    """Whether a component's partners are among the parts of a recipe, as far as these are known."""
    return _suits(_partners(target), parts)


def _suits(wants: Iterable[tuple[str, Any]], parts: Mapping[str, Part[Any]]) -> bool:
    return not any(partner in parts and _misfits(parts[partner].target, wanted) for partner, wanted in wants)


def _partners(target: Any) -> list[tuple[str, Any]]:
    try:
        return list(partners_of(target))
    except ComponentError:  # reported where the component's keys are checked
        return []


def _misfits(target: Any, wanted: Any) -> bool:
    produced = produced_class(target)
    return produced is not None and not inspect.isabstract(produced) and not issubclass(produced, wanted)


def _problem(registry: Registry, own: tuple[str, Part[Any]], other: tuple[str, Part[Any]], wanted: Any) -> str:
    name, other_name = (repr(component_name(registry, slot, part)) for slot, part in (own, other))
    rule = f"{name} needs a {other[0]} of type {class_name(wanted)}"
    return f"{rule}, got {other_name} ({class_name(produced_class(other[1].target))})."


def _fix(registry: Registry, key: str, slot: str, parts: Mapping[str, Part[Any]]) -> str:
    """Return a sentence naming the components of the same slot whose partners fit, if there are any."""
    fitting = []
    for component in registry.components(slot):
        try:
            wants = list(partners_of(registry.load(component)))
        except ComponentError:
            continue
        if _suits(wants, parts):
            fitting.append(component.name)
    return f" Use {key} = {' or '.join(map(repr, fitting))}." if fitting else ""


def component_name(registry: Registry, slot: str, part: Part[Any]) -> str:
    """Return what a recipe calls a part; where it is no component, the place of its class."""
    try:
        return registry.name_of(slot, part.target)
    except ComponentError:
        return target_name(part.target)


def class_name(wanted: Any) -> str:
    """Return a class's name, or those of a union joined by "or"."""
    options = getattr(wanted, "__args__", None) or (wanted,)
    return " or ".join(option.__name__ for option in options)
