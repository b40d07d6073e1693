"""A nested part of a recipe, before it is built.

A model that needs a network does not know the network's class, only its interface, and a network does not know
its input's shape until the model does. So a nested table such as `network = { use = "unet", channels = [32] }`
reaches the model as a `Part`: the class and its keys, still to be called with the shapes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Part(Generic[T]):
    """A component with its keys, built by calling it with what its owner injects.

    >>> from fractions import Fraction
    >>> Part(Fraction, {"denominator": 4})(3)
    Fraction(3, 4)

    Attributes:
        target: the class, or a function returning an instance.
        keys: its keyword arguments; those not given keep their defaults.
    """

    target: Callable[..., T]
    keys: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, *injected: Any) -> T:
        """Build the part from the positional arguments its owner injects."""
        return self.target(*injected, **self.keys)
