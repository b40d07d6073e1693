"""Between the data's own values and the values a diffusion moves in.

An image of L grey levels holds the integers 0..L-1; the chain runs on

    x_0 = 2 x / (L - 1) - 1,

which puts the levels on a grid from -1 to 1 of spacing 2 / (L - 1). Real data (no levels) are x_0 as they are.
"""

from dataclasses import dataclass

from torch import Tensor

from genlab.errors import IncompatibleError


@dataclass(frozen=True)
class Values:
    """The values an observation can take.

    Attributes:
        levels: L, at least 2, when x takes the integers 0..L-1; None when x is real.
    """

    levels: int | None

    def __post_init__(self) -> None:
        if self.levels is not None and self.levels < 2:
            raise IncompatibleError(
                f"data of model 'ddpm' must have at least 2 levels, got {self.levels}. Use other data."
            )

    @property
    def bin_width(self) -> float | None:
        """The distance between two levels of x_0; None when x is real."""
        return None if self.levels is None else 2 / (self.levels - 1)

    def to_x_0(self, x: Tensor) -> Tensor:
        """Return x_0 of an observation in the data's own values."""
        return x if self.levels is None else x * (2 / (self.levels - 1)) - 1

    def from_x_0(self, x_0: Tensor) -> Tensor:
        """Return what x would be for any real x_0, between levels and beyond them too."""
        return x_0 if self.levels is None else (x_0 + 1) * ((self.levels - 1) / 2)

    def nearest(self, x_0: Tensor) -> Tensor:
        """Return the observation nearest to x_0: a level for integers, x_0 itself for real data."""
        return x_0 if self.levels is None else self.from_x_0(x_0).round().clamp(0, self.levels - 1)
