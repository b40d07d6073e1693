"""Types for recipe keys: a constructor annotates a key with one of these, and the recipe is checked against it."""

from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt

PositiveInt = Annotated[int, Ge(1)]
NonNegativeInt = Annotated[int, Ge(0)]
PositiveFloat = Annotated[float, Gt(0)]
NonNegativeFloat = Annotated[float, Ge(0)]
UnitFloat = Annotated[float, Ge(0), Le(1)]
"""A number from 0 to 1, both included."""
Decay = Annotated[float, Ge(0), Lt(1)]
"""A number from 0 to 1, 1 excluded: the decay of a running average."""
