from dataclasses import replace
from typing import Any

import pytest
import torch
from recipe_toys import Layered, Toy, toy_registry, toy_tables
from toy import ToySampler, ToySource, ToySplit

from genlab.assembly import Assembly, assemble
from genlab.errors import ComponentError, RecipeError
from genlab.interfaces import LatentModel, Splits
from genlab.parts.accelerator.cpu import CPU
from genlab.parts.elbo.trace import Trace
from genlab.parts.update.gradient import Gradient
from genlab.plugin import Component, hookimpl
from genlab.recipe import Recipe, check

REGISTRY = toy_registry()


def assembled(**changes: Any) -> Assembly:
    return assemble(Recipe.from_tables(toy_tables(**changes)), REGISTRY)


def test_every_part_is_built_with_the_parts_it_asks_for() -> None:
    assembly = assembled(sampler={"use": "toy"})
    assert isinstance(assembly.model, Layered)
    assert assembly.model.spec is assembly.data.spec
    assert assembly.model.network.channels == (4, 4)
    assert assembly.model.schedule.shift == 0.5
    assert isinstance(assembly.family, Toy)
    assert assembly.family.asked == (assembly.model, assembly.data, assembly.accelerator)
    assert isinstance(assembly.update, Gradient)
    assert isinstance(assembly.sampler, ToySampler)
    assert (assembly.name, assembly.seed, assembly.train.steps) == ("toy", 0, 5)


def test_an_assembly_takes_steps_of_its_update_rule() -> None:
    assembly = assembled()

    class Data:
        num_data = 50

        def next(self) -> Any:
            generator = torch.Generator().manual_seed(0)
            return next(iter(assembly.data.train.batches([torch.arange(8)], generator)))

    before = assembly.family.slope.item()
    assembly.update.step(Data(), generator=torch.Generator().manual_seed(0))
    assert assembly.family.slope.item() != before


def test_without_a_table_of_its_own_evaluation_uses_the_estimator_of_training() -> None:
    assembly = assembled()
    assert assembly.eval_elbo is assembly.elbo
    assert assembly.sampler is None
    other = assembled(eval={"elbo": {"use": "trace", "samples": 7}})
    assert isinstance(other.eval_elbo, Trace)
    assert (other.elbo.samples, other.eval_elbo.samples) == (1, 7)


def test_a_checked_recipe_can_be_assembled_without_a_registry() -> None:
    checked = check(Recipe.from_tables(toy_tables()), REGISTRY)
    assert isinstance(assemble(checked), Assembly)


def test_data_model_and_family_stand_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    placed = []
    monkeypatch.setattr(CPU, "place", lambda self, module: placed.append(type(module)))
    monkeypatch.setattr(ToySplit, "to", lambda self, device: (placed.append(device), self)[1])
    assembled()
    assert placed == [torch.device("cpu")] * 3 + [Layered, Toy]


def test_parameters_depend_on_the_seed_alone() -> None:
    torch.manual_seed(1)
    first = assembled(seed=3)
    torch.manual_seed(2)
    again, other = assembled(seed=3), assembled(seed=4)
    assert torch.equal(first.model.network.layer.weight, again.model.network.layer.weight)
    assert torch.equal(first.family.slope, again.family.slope)
    assert not torch.equal(first.model.network.layer.weight, other.model.network.layer.weight)


def test_assembling_leaves_the_global_generator_and_the_default_dtype_alone() -> None:
    state, dtype = torch.get_rng_state(), torch.get_default_dtype()
    assembled()
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_default_dtype() is dtype


def test_a_resolved_recipe_assembles_to_the_same_parameters() -> None:
    checked = check(Recipe.from_tables(toy_tables(seed=5)), REGISTRY)
    again = check(Recipe.from_tables(checked.resolved), REGISTRY)
    for one, other in zip(assemble(checked).model.parameters(), assemble(again).model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_constructor_s_refusal_stands_on_the_line_of_the_key_it_names() -> None:
    recipe = Recipe.from_tables(toy_tables(model={"use": "layered", "network": {"use": "dense", "channels": [13]}}))
    line = recipe.origins | {("model", "use"): where("a.toml:5"), ("model", "network", "channels"): where("a.toml:7")}
    recipe = Recipe("a.toml", None, recipe.text, recipe.tables, line)
    with pytest.raises(RecipeError) as raised:
        assemble(recipe, REGISTRY)
    assert str(raised.value) == (
        "a.toml: 1 problem\n  a.toml:7: model.network.channels must not be [13], got [13]. Use [12]."
    )


def where(label: str) -> Any:
    return type(Recipe.from_tables({}).origins[()])(label, Recipe.from_tables({}).folder(()))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"elbo": {"use": "closed"}}, "elbo needs a model of type Layered, got Plain."),
        ({"eval": {"elbo": {"use": "closed"}}}, "eval.elbo needs a model of type Layered, got Plain."),
        ({"family": {"use": "for-layered"}}, "family needs a model of type Layered, got Plain."),
    ],
)
def test_a_part_whose_class_is_known_only_once_built_is_judged_then(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as raised:
        assembled(model={"use": "undeclared"}, **changes)
    assert str(raised.value) == f"recipe: 1 problem\n  recipe: {message}"


class AsksTooMuch(Layered):
    def __init__(self, number: int, /) -> None:
        super().__init__(None, network=None)


class Fails(Layered):
    def __init__(self) -> None:
        raise ValueError("a mistake of the plugin's author")


class BadPlugin:
    @hookimpl
    def genlab_components(self) -> Any:
        yield Component("model", "asks-too-much", f"{__name__}:AsksTooMuch", "bad")
        yield Component("model", "fails", f"{__name__}:Fails", "bad")


class Wordless(Trace):
    def __init__(self) -> None:
        """Forget the protocol."""


def bad(name: str, monkeypatch: pytest.MonkeyPatch) -> Assembly:
    registry = toy_registry(bad=BadPlugin())
    target: type[LatentModel] = {"asks-too-much": AsksTooMuch, "fails": Fails}[name]
    monkeypatch.setattr(registry, "load", lambda c: target if c.name == name else type(registry).load(registry, c))
    return assemble(Recipe.from_tables(toy_tables(model={"use": name})), registry)


def test_asking_for_something_that_is_no_part_is_the_component_s_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ComponentError, match=r"model \(recipe\) asks for <class 'int'>, which assembly cannot give it"):
        bad("asks-too-much", monkeypatch)


def test_an_unexpected_exception_of_a_constructor_says_which_part_was_built(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="a mistake") as raised:
        bad("fails", monkeypatch)
    assert raised.value.__notes__ == ["while model of recipe was built"]


def test_a_part_without_an_attribute_its_interface_promises_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = toy_registry()
    load = type(registry).load
    monkeypatch.setattr(registry, "load", lambda c: Wordless if c.name == "trace" else load(registry, c))
    with pytest.raises(ComponentError) as raised:
        assemble(Recipe.from_tables(toy_tables()), registry)
    assert str(raised.value) == (
        "elbo (recipe) must have the attribute 'protocol', which ELBOEstimator promises, and its class Wordless has "
        "none. Set it in the constructor, or on the class."
    )


def with_missing_values(monkeypatch: pytest.MonkeyPatch, *, accepted: bool) -> Assembly:
    load = ToySource.load

    def lacking(source: ToySource) -> Splits:
        splits = load(source)
        return replace(splits, spec=replace(splits.spec, missing=True), missing="3 in column 'age' (first in row 12)")

    monkeypatch.setattr(ToySource, "load", lacking)
    monkeypatch.setattr(Layered, "accepts_missing", accepted)
    return assembled()


def test_a_model_that_needs_every_value_says_which_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecipeError) as raised:
        with_missing_values(monkeypatch, accepted=False)
    assert str(raised.value) == (
        "recipe: 1 problem\n  recipe: data must have no missing values for model 'layered', and toy has 3 in column "
        "'age' (first in row 12). Take those rows out, leave the columns out with data.columns, or use a model that "
        "accepts missing values."
    )


def test_a_model_that_accepts_missing_values_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert with_missing_values(monkeypatch, accepted=True).data.spec.missing
