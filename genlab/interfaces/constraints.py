"""Types for recipe keys: a constructor annotates a key with one of these, and the recipe is checked against it."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Candidates:
    """Marks a key of which a recipe may give several values: each is fitted, and the best bound decides.

    `Annotated[PositiveInt, Candidates()]` lets a recipe write `components = [1, 2, 3]`, or
    `components = { from = 1, to = 6 }` where the key is a whole number. The constructor always sees one value, and
    the key's own type is neither a list nor a table.
    """
