"""Binarisation: from L grey levels to black and white.

With p = x / (L - 1), the share of white in a pixel,

    threshold:  x' = 1 where p > 1/2
    static:     x' ~ Bernoulli(p), drawn once, the same in every run
    dynamic:    x' ~ Bernoulli(p), drawn anew each time x is read

Reference: Salakhutdinov & Murray 2008 (static); Burda et al. 2016, section 5 (dynamic).
"""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from genlab.data.tensor_split import TensorSplit
from genlab.interfaces.data_source import DataSpec

Binarization = Literal["none", "threshold", "static", "dynamic"]

_CHUNK = 4096
"""How many observations are drawn at a time, so that the noise takes megabytes at most."""


@dataclass(frozen=True)
class DynamicBinarization:
    """Draw black and white from grey, each time anew.

    Attributes:
        levels: L, the number of grey levels.
    """

    levels: int

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Return a draw of x' in x's floating-point type.

        Args:
            x: `(B, *X)`, grey levels 0..L-1.
            generator: the only source of randomness, on x's device.
        """
        noise = torch.rand(x.shape, generator=generator, device=x.device)
        # noise < x / (L - 1), in the noise's own memory: this is done at every step of training.
        return noise.mul_(self.levels - 1).lt_(x).to(x.dtype)


def binarized_split(x: Tensor, y: Tensor | None, levels: int, how: Binarization, *, seed: int) -> TensorSplit:
    """Return a split of grey images, binarised.

    Args:
        x: `(N, *X)`, grey levels 0..L-1, uint8.
        y: `(N,)` labels, or None.
        levels: L.
        how: `none` keeps the grey levels.
        seed: fixes a static draw; the other ways do not read it.
    """
    if how == "threshold":
        return TensorSplit((x > (levels - 1) / 2).to(torch.uint8), y)
    if how == "static":
        draw, generator = DynamicBinarization(levels), torch.Generator().manual_seed(seed)
        chunks = [draw(chunk.float(), generator).to(torch.uint8) for chunk in torch.split(x, _CHUNK)]
        return TensorSplit(torch.cat(chunks), y)
    return TensorSplit(x, y, observe=DynamicBinarization(levels) if how == "dynamic" else None)


def binarized_spec(spec: DataSpec, how: Binarization) -> DataSpec:
    """Return what a model may know of the data once binarised; every published bound depends on how."""
    if how == "none":
        return spec
    return replace(spec, name=f"{spec.name} ({how} binarization)", levels=2, binarization=how)
