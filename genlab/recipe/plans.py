"""Whether the keys of different parts go together: each part is asked before any is built.

A part whose own keys, or whose partners' classes, are at fault is left out, for what it would say of the others may
not hold once that is mended; and so is one with a key whose component could not be told, which other faults may hide.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from genlab.discovery.registry import Registry
from genlab.errors import ComponentError, Fault
from genlab.interfaces import ELBOEstimator, Part, Plan
from genlab.interfaces.partner import Partner
from genlab.recipe.partners import component_name, partners_of
from genlab.recipe.recipe import Recipe
from genlab.recipe.signature import REQUIRED, part_interface, produced_class, signature_of


def misfit_faults(
    recipe: Recipe,
    registry: Registry,
    parts: Mapping[str, Part[Any]],
    evaluation: Part[ELBOEstimator] | None,
    found: Iterable[Fault],
) -> list[Fault]:
    """Return a fault for every key that does not go with another part, and for training by what only evaluates.

    Args:
        recipe: for the places of the faults.
        registry: for the names of components.
        parts: the parts by slot, as far as they are known.
        evaluation: the estimator of `eval.elbo`, if there is one.
        found: what is known to be wrong already.
    """
    wrong = [fault.key for fault in found]
    plans = {slot: plan for slot, part in parts.items() if (plan := _sound(recipe, slot, slot, part, registry, wrong))}
    asked = [(slot, parts[slot], plan) for slot, plan in plans.items()]
    if evaluation is not None:
        plan = _sound(recipe, "eval.elbo", "elbo", evaluation, registry, wrong)
        asked += [("elbo", evaluation, plan)] if plan else []
    faults = _trained_by_an_evaluation(recipe, plans)
    for slot, part, plan in asked:
        if plan.is_a(Partner) and all(partner in plans for partner, _ in partners_of(part.target)):
            others = {name: other for name, other in plans.items() if name != slot}
            misfits = plan.builds.misfits(plan, others)  # type: ignore[union-attr]  # it is a Partner
            faults += [_fault(recipe, misfit.key, misfit.problem) for misfit in misfits]
    return faults


def _trained_by_an_evaluation(recipe: Recipe, plans: Mapping[str, Plan]) -> list[Fault]:
    elbo = plans.get("elbo")
    if elbo is None or not elbo.is_a(ELBOEstimator) or not getattr(elbo.builds, "evaluation_only", False):
        return []
    fix = f"Write elbo = {{ use = {elbo.use!r} }} in [eval], and another in [elbo]."
    return [_fault(recipe, "elbo.use", f"must be an estimator that can train, got {elbo.use!r}, which cannot. {fix}")]


def _fault(recipe: Recipe, key: str, problem: str) -> Fault:
    return Fault(recipe.origin(tuple(key.split("."))), key, problem)


def _sound(
    recipe: Recipe, key: str, slot: str, part: Part[Any], registry: Registry, wrong: Iterable[str]
) -> Plan | None:
    """Return the plan of a part; None where it is known to be wrong, or not known whole."""
    if any(fault == key or fault.startswith(f"{key}.") for fault in wrong):
        return None
    if not _is_whole(part, _given(recipe.tables, key)):
        return None
    try:
        return _plan(key, slot, part, registry)
    except ComponentError:  # reported where the component's keys are checked
        return None


def _given(tables: Mapping[str, Any], key: str) -> Any:
    given: Any = tables
    for name in key.split("."):
        given = given.get(name, {}) if isinstance(given, Mapping) else {}
    return given


def _is_whole(part: Part[Any], given: Any) -> bool:
    """Whether a part has every key that was given for it, and so have the parts within it."""
    if not isinstance(given, Mapping):
        return True
    known = all(name in part.keys for name in given if name != "use")
    inside = ((value, given.get(name)) for name, value in part.keys.items() if isinstance(value, Part))
    return known and all(_is_whole(value, table) for value, table in inside)


def _plan(key: str, slot: str, part: Part[Any], registry: Registry) -> Plan:
    keys = {}
    for own in signature_of(part.target).keys:
        value = part.keys.get(own.name, own.default)
        if isinstance(value, Part):
            nested = getattr(part_interface(own.annotation), "slot", "")
            value = _plan(f"{key}.{own.name}", nested, value, registry)
        if value is not REQUIRED:
            keys[own.name] = value
    return Plan(key, component_name(registry, slot, part), produced_class(part.target), keys)
