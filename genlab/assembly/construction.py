"""Building the parts of a recipe, each with what it asks for.

    data -> device -> model -> family -> bound -> update rule -> sampler

A constructor's positional-only parameters are filled by their types with parts that stand already.
"""

import inspect
import re
from dataclasses import dataclass, replace
from typing import Any

from genlab.assembly.assembly import Assembly
from genlab.assembly.promises import unset_attributes
from genlab.assembly.streams import seeded_initialisation
from genlab.discovery import Registry, discover
from genlab.errors import ComponentError, Fault, IncompatibleError, RecipeError, UsageError
from genlab.interfaces import Accelerator, DataSource, LatentModel, Part, Sampler, Splits
from genlab.recipe.checking import INTERFACES, CheckedRecipe, check
from genlab.recipe.partners import class_name, slot_of
from genlab.recipe.recipe import Recipe
from genlab.recipe.scanning import Key, dotted
from genlab.recipe.signature import signature_of


@dataclass(frozen=True)
class LoadedData:
    """Data on the device they are used on, which several assemblies may share.

    Attributes:
        source: where they come from.
        splits: on the accelerator's device.
        accelerator: the device.
    """

    source: DataSource
    splits: Splits
    accelerator: Accelerator


def load_data(checked: CheckedRecipe) -> LoadedData:
    """Read a recipe's data and bring them to its device, without building anything else.

    Raises:
        RecipeError: when a key does not suit the others.
        DataError: when the data cannot be read.
        DeviceError: when the device is not there.
    """
    with seeded_initialisation(checked.seed):
        return _Builder(checked).loaded_data()


def assemble(
    recipe: Recipe | CheckedRecipe, registry: Registry | None = None, *, loaded: LoadedData | None = None
) -> Assembly:
    """Build every part a recipe names, on the recipe's device.

    Parameters are initialised from the recipe's seed alone; torch's global generator is left as it was.

    Args:
        recipe: as read, or checked already.
        registry: where components are looked up; by default all installed plugins'.
        loaded: the recipe's data where they are loaded already.

    Raises:
        RecipeError: when the recipe has faults, gives a key several values, or its parts do not fit together.
        ComponentError: when a component is unknown or broken.
        DataError: when the data cannot be read.
        DeviceError: when the device is not there.
    """
    checked = recipe if isinstance(recipe, CheckedRecipe) else check(recipe, registry or discover())
    _check_single(checked)
    with seeded_initialisation(checked.seed):
        return _Builder(checked).assembly(loaded)


def with_sampler(assembly: Assembly, checked: CheckedRecipe) -> Assembly:
    """Return an assembly that draws with another recipe's sampler; everything else is shared.

    Args:
        assembly: of a recipe that differs from `checked` in its sampler alone.
        checked: names the sampler.

    Raises:
        RecipeError: when the sampler does not fit the other parts, or a key has several values.
        ComponentError: when the sampler is broken.
        UsageError: when the recipe names no sampler.
    """
    _check_single(checked)
    if "sampler" not in checked.parts:
        raise UsageError(f"recipe {assembly.name!r} must name a sampler to draw from. Add a [sampler] table.")
    return replace(assembly, sampler=_Builder(checked).sampler_for(assembly))


def _check_single(checked: CheckedRecipe) -> None:
    faults = [
        Fault(
            checked.origin(key),
            dotted(key),
            f"must be one value to be assembled, got {len(values)} candidates. Choose one, or let a run fit each.",
        )
        for key, values in checked.candidates.items()
    ]
    if faults:
        raise RecipeError(checked.title, faults)


class _Builder:
    """Builds the parts of one recipe in order, remembering those that others may ask for."""

    def __init__(self, checked: CheckedRecipe) -> None:
        self._checked = checked
        self._standing: dict[str, Any] = {}
        self._values: list[Any] = [checked.train]

    def loaded_data(self) -> LoadedData:
        source = self._build("data")
        splits = source.load()
        accelerator = self._build("accelerator")
        return LoadedData(source, splits.to(accelerator.device), accelerator)

    def assembly(self, loaded: LoadedData | None) -> Assembly:
        checked = self._checked
        loaded = loaded or self.loaded_data()
        source, splits, accelerator = loaded.source, loaded.splits, loaded.accelerator
        self._standing |= {"data": source, "accelerator": accelerator}
        self._values += [splits, splits.spec]
        model = self._build("model")
        self._check_missing(model, splits)
        family = self._build("family")
        accelerator.place(model)
        accelerator.place(family)
        elbo = self._build("elbo")
        evaluation = checked.eval.elbo
        eval_elbo = elbo if evaluation is None else self._construct(("eval", "elbo"), evaluation)
        assembly = Assembly(
            name=checked.name,
            seed=checked.seed,
            source=source,
            data=splits,
            model=model,
            family=family,
            elbo=elbo,
            eval_elbo=eval_elbo,
            update=self._build("update"),
            sampler=self._build("sampler") if "sampler" in checked.parts else None,
            accelerator=accelerator,
            train=checked.train,
            eval=checked.eval,
        )
        self._check_partners(eval_elbo)
        return assembly

    def sampler_for(self, assembly: Assembly) -> Sampler:
        self._standing |= {slot: getattr(assembly, slot) for slot in ("model", "family", "elbo", "update")}
        self._standing |= {"data": assembly.source, "accelerator": assembly.accelerator}
        self._values += [assembly.data, assembly.data.spec]
        sampler: Sampler = self._build("sampler")
        self._check_partners(assembly.eval_elbo)
        return sampler

    def _build(self, slot: str) -> Any:
        self._standing[slot] = self._construct((slot,), self._checked.parts[slot])
        return self._standing[slot]

    def _construct(self, path: tuple[str, ...], part: Part[Any]) -> Any:
        try:
            built = part(*[self._injected(path, wanted) for wanted in signature_of(part.target).injected])
        except IncompatibleError as error:
            raise RecipeError(self._checked.title, [self._fault(path, str(error))]) from error
        except (AttributeError, TypeError, ValueError, RuntimeError) as error:
            error.add_note(f"while {'.'.join(path)} of {self._checked.origin((*path, 'use'))} was built")
            raise
        self._check_attributes(path, built)
        return built

    def _check_attributes(self, path: tuple[str, ...], built: Any) -> None:
        """Raise where a part lacks an attribute that its interface promises."""
        interface = INTERFACES[path[-1]]
        unset = unset_attributes(built, interface)
        if unset:
            who = f"{'.'.join(path)} ({self._checked.origin((*path, 'use'))})"
            raise ComponentError(
                f"{who} must have the attribute {unset[0]!r}, which {interface.__name__} promises, and its class "
                f"{type(built).__name__} has none. Set it in the constructor, or on the class."
            )

    def _check_missing(self, model: LatentModel, splits: Splits) -> None:
        """Raise where values are missing and the model cannot do without them."""
        if splits.spec.missing and not model.accepts_missing:
            fault = self._fault(
                ("data",),
                f"data must have no missing values for model {self._checked.resolved['model']['use']!r}, and "
                f"{splits.spec.name} has {splits.missing or 'some'}. Take those rows out, leave the columns out with "
                "data.columns, or use a model that accepts missing values.",
            )
            raise RecipeError(self._checked.title, [fault])

    def _check_partners(self, eval_elbo: Any) -> None:
        """Check what `partners` declares against the parts as built: a function's class is only known now."""
        parts: dict[tuple[str, ...], Any] = {(slot,): part for slot, part in self._standing.items()}
        if eval_elbo is not self._standing["elbo"]:
            parts["eval", "elbo"] = eval_elbo
        faults = []
        for path, part in parts.items():
            for slot, wanted in part.partners.items():
                try:
                    self._require(path, slot, wanted)
                except IncompatibleError as error:
                    faults.append(self._fault(path, str(error)))
        if faults:
            raise RecipeError(self._checked.title, faults)

    def _injected(self, path: tuple[str, ...], wanted: Any) -> Any:
        slot = slot_of(wanted)
        if slot is not None:
            return self._require(path, slot, wanted)
        for value in self._values:
            if inspect.isclass(wanted) and isinstance(value, wanted):
                return value
        who = f"{'.'.join(path)} ({self._checked.origin((*path, 'use'))})"
        raise ComponentError(f"{who} asks for {wanted!r}, which assembly cannot give it.")

    def _require(self, path: tuple[str, ...], slot: str, wanted: Any) -> Any:
        """Return the part standing in a slot, which must be of the wanted class."""
        if slot not in self._standing:
            raise IncompatibleError(f"{'.'.join(path)} needs a {slot} of type {class_name(wanted)}, got none.")
        found = self._standing[slot]
        if not isinstance(found, wanted):
            got = type(found).__name__
            raise IncompatibleError(f"{'.'.join(path)} needs a {slot} of type {class_name(wanted)}, got {got}.")
        return found

    def _fault(self, path: Key, message: str) -> Fault:
        """Return a message's fault, on the line of the key it begins with, or of the part's name."""
        named = re.match(r"`?([a-z]\w*(?:\.\w+)+)", message)
        key: Key = tuple(named.group(1).split(".")) if named else ()
        return Fault(self._checked.origin(key if key[: len(path)] == path else (*path, "use")), "", message)
