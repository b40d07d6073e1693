from typing import Any

import pytest
from recipe_toys import Dense, Layered, Network, Plain, Points, TakesAnything, undeclared
from torch import nn

from genlab.errors import ComponentError
from genlab.interfaces import DataSpec, LatentModel, Part, TrainSettings
from genlab.interfaces.constraints import PositiveInt
from genlab.parts.accelerator.auto import auto
from genlab.recipe.signature import part_interface, produced_class, signature_of


def test_positional_parameters_are_injected_and_keyword_ones_are_keys() -> None:
    signature = signature_of(Layered)
    assert signature.injected == (DataSpec,)
    assert [(key.name, key.required) for key in signature.keys] == [("network", True), ("schedule", False)]


def test_constraints_stay_on_a_key() -> None:
    assert signature_of(Dense).keys[0].annotation == tuple[PositiveInt, ...]


def test_functions_dataclasses_and_inherited_constructors_are_read() -> None:
    assert [key.name for key in signature_of(auto).keys] == ["precision", "compile"]
    assert signature_of(TrainSettings).keys[0].name == "steps"
    assert signature_of(Plain).keys == ()


def test_a_class_without_a_constructor_takes_nothing() -> None:
    class Bare(nn.Module):
        pass

    assert signature_of(Bare).injected == signature_of(Bare).keys == ()


def test_other_parameters_are_the_component_s_fault() -> None:
    with pytest.raises(ComponentError, match=r"must take injected parts before '/' and keys after '\*', got .*width"):
        signature_of(TakesAnything)


def test_a_parameter_without_a_type_is_the_component_s_fault() -> None:
    def untyped(*, width=3) -> None:  # type: ignore[no-untyped-def]
        return None

    with pytest.raises(ComponentError, match="must give every parameter a type, got 'width' without one"):
        signature_of(untyped)


def test_a_type_that_does_not_exist_is_the_component_s_fault() -> None:
    def misspelled(*, width: "Widht") -> None:  # type: ignore[name-defined]  # noqa: F821
        return None

    with pytest.raises(ComponentError, match="must have a signature that can be read: name 'Widht' is not defined"):
        signature_of(misspelled)


@pytest.mark.parametrize(
    ("annotation", "interface"), [(Part[Network], Network), (Part[Network] | None, Network), (int | None, None)]
)
def test_nested_parts_are_recognised(annotation: Any, interface: Any) -> None:
    assert part_interface(annotation) is interface


def test_the_class_a_function_builds_is_known_from_its_return_type() -> None:
    def model() -> LatentModel:
        raise NotImplementedError

    assert produced_class(model) is LatentModel
    assert produced_class(undeclared) is None
    assert produced_class(Points) is Points
