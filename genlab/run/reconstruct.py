"""From observations to latents and back, and from one observation to another."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from genlab.assembly.assembly import Assembly
from genlab.assembly.streams import stream_seed
from genlab.errors import DataError, UsageError
from genlab.interfaces import DataSpec, ReconstructingSampler, Split
from genlab.run.draw import check_destination
from genlab.run.looking import looking_at
from genlab.run.picture import image_rows, write_picture
from genlab.run.tensor_file import write_tensors

_IMAGES_IN_A_ROW = 10


@dataclass(frozen=True)
class Reconstruction:
    """Observations, the latents found behind them, and what these lead to.

    Attributes:
        x: `(N, *X)`, the observations in the data's own values.
        latents: `(N, *Z)`.
        reconstructed: `(N, *X)`.
        between: `(N / 2, K, *X)`, the way from observation 1 to 2, from 3 to 4, ..., its ends the reconstructions;
            None unless asked for.
    """

    x: Tensor
    latents: Tensor
    reconstructed: Tensor
    between: Tensor | None = None

    @property
    def rmse(self) -> float:
        """The root mean squared difference between observations and reconstructions, in the data's own unit."""
        return (self.x.double() - self.reconstructed.double()).square().mean().sqrt().item()


def reconstruct(assembly: Assembly, split: Split, num: int, *, between: int | None = None) -> Reconstruction:
    """Find the latents behind observations with the recipe's sampler and the averaged weights, and draw from them.

    Args:
        assembly: a fitted assembly.
        split: where the observations come from, of the data's own or from `other_data`.
        num: how many, the first ones.
        between: how many observations to draw on the way from each first of two to its second, both ends counted.

    Raises:
        UsageError: when the sampler does not go back from x, or pairs are wanted and `num` is odd.
        DataError: when there are fewer observations.
    """
    sampler = check_reconstructing(assembly)
    if num < 1 or num > len(split):
        raise DataError(f"there must be as many observations as asked for, got {num} of {len(split)}. Ask for fewer.")
    if between is not None and (num % 2 or between < 2):
        raise UsageError(
            "a way between observations must have two ends: give an even number of observations and at least 2 images "
            f"a way, got {num} and {between}."
        )
    seed = stream_seed(assembly.seed, "sampling")
    generator, observation = assembly.accelerator.generator(seed), assembly.accelerator.generator(seed + 1)
    found: list[tuple[Tensor, ...]] = []
    ways = []
    with looking_at(assembly):
        for batch in split.in_order(_even(assembly.eval.batch_size), observation, stop=num):
            latents = sampler.find_latents(assembly.model, assembly.family, batch.x, generator=generator)
            found.append((batch.x, latents, sampler.draw_from(assembly.model, latents)))
            if between is not None:
                ways.append(_way(sampler, assembly, latents, between))
    x, latents, reconstructed = (torch.cat(parts) for parts in zip(*found, strict=True))
    return Reconstruction(x, latents, reconstructed, torch.cat(ways) if ways else None)


def check_reconstructing(assembly: Assembly) -> ReconstructingSampler:
    """Return the recipe's sampler.

    Raises:
        UsageError: when it does not lead from x to latents.
    """
    if not isinstance(assembly.sampler, ReconstructingSampler):
        name = "none" if assembly.sampler is None else type(assembly.sampler).__name__
        raise UsageError(
            f"the sampler must be one that also leads from x back to latents, got {name}. Choose one with "
            "-s sampler.use=NAME; `genlab components sampler` says which do."
        )
    return assembly.sampler


def save_reconstruction(found: Reconstruction, spec: DataSpec, path: Path) -> None:
    """Write a reconstruction in the format the file's name ends with.

    Args:
        found: what to write.
        spec: the data's specification; a picture needs images.
        path: a file ending in .png, observations above what became of them or at the ends of the way, or in .npz or
            .safetensors with `x`, `latents`, `reconstructed` and, where there is one, `between`.

    Raises:
        UsageError: for another ending, a folder that is not there, or a picture of what is no image.
    """
    check_reconstruction_file(spec, path)
    if path.suffix == ".png":
        write_picture(image_rows(_rows(found), spec), path)
    else:
        write_tensors({name: part for name, part in vars(found).items() if part is not None}, path)


def check_reconstruction_file(spec: DataSpec, path: Path) -> None:
    """Raise unless a reconstruction can be written to a file.

    Raises:
        UsageError: as `save_reconstruction`.
    """
    if path.suffix not in (".png", ".npz", ".safetensors"):
        raise UsageError(f"{path} must end in .png, .npz or .safetensors, got {path.suffix or 'no ending'!r}.")
    check_destination(spec, path)


def _even(batch_size: int) -> int:
    """Return a batch size that parts no pair."""
    return max(2, batch_size - batch_size % 2)


def _way(sampler: ReconstructingSampler, assembly: Assembly, latents: Tensor, steps: int) -> Tensor:
    first, second = latents[::2], latents[1::2]
    states = [sampler.between(first, second, step / (steps - 1)) for step in range(steps)]
    return torch.stack([sampler.draw_from(assembly.model, state) for state in states], 1)


def _rows(found: Reconstruction) -> list[Tensor]:
    if found.between is not None:
        return [
            torch.cat([first[None], way, second[None]])
            for first, way, second in zip(found.x[::2], found.between, found.x[1::2], strict=True)
        ]
    parts = zip(*(torch.split(x, _IMAGES_IN_A_ROW) for x in (found.x, found.reconstructed)), strict=True)
    return [row for pair in parts for row in pair]
