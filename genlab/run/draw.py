"""Draw new observations from a fitted assembly, and write them to files."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import torch
from torch import Tensor

from genlab.assembly.assembly import Assembly
from genlab.assembly.streams import stream_seed
from genlab.errors import UsageError
from genlab.interfaces import DataSpec, Draws
from genlab.run.animation import write_animation
from genlab.run.column_file import named_columns, write_columns
from genlab.run.looking import looking_at
from genlab.run.picture import image_grid, write_picture
from genlab.run.tensor_file import write_tensors

CHUNK = 240
"""How many draws a sampler makes at a time: whole rounds of the ten classes that most labelled data have, so that draws
of all classes in turn stay in turn."""
ANIMATIONS = (".gif", ".apng")
PICTURES = (".png", *ANIMATIONS)
ENDINGS = (*PICTURES, ".csv", ".npz", ".safetensors")


def draw(assembly: Assembly, num_draws: int, *, seed: int | None = None, trajectory: bool = False) -> Draws:
    """Draw observations with the recipe's sampler and the averaged weights.

    Args:
        assembly: a fitted assembly.
        num_draws: how many, at least 1.
        seed: another stream of draws; by default the recipe's seed.
        trajectory: whether to keep the way there, where the sampler has one.

    Raises:
        UsageError: when the recipe names no sampler, or `num_draws` is not positive.
    """
    with looking_at(assembly):
        chunks = list(draws_in_chunks(assembly, num_draws, seed=seed, trajectory=trajectory))
    x = torch.cat([chunk.x for chunk in chunks])
    paths = [chunk.trajectory for chunk in chunks if chunk.trajectory is not None]
    classes = [chunk.y for chunk in chunks if chunk.y is not None]
    return Draws(x, torch.cat(paths, dim=1) if paths else None, torch.cat(classes) if classes else None)


def draws_in_chunks(
    assembly: Assembly, num_draws: int, *, seed: int | None = None, trajectory: bool = False
) -> Iterator[Draws]:
    """Draw as `draw` does, some at a time, with the weights that the model holds.

    Raises:
        UsageError: as `draw`.
    """
    if assembly.sampler is None:
        raise UsageError(f"recipe {assembly.name!r} must name a sampler to draw from. Add a [sampler] table.")
    if num_draws < 1:
        raise UsageError(f"the number of draws must be at least 1, got {num_draws}.")
    generator = assembly.accelerator.generator(stream_seed(assembly.seed if seed is None else seed, "sampling"))
    for start in range(0, num_draws, CHUNK):
        size = min(CHUNK, num_draws - start)
        with assembly.accelerator.autocast() if assembly.sampler.autocast else nullcontext():
            draws = assembly.sampler.draw(assembly.model, size, generator=generator, trajectory=trajectory)
        yield draws


def save_draws(draws: Draws, spec: DataSpec, path: Path) -> None:
    """Write draws in the format the file's name ends with.

    Args:
        draws: what to write: `x`, and `trajectory` and `labels` (their `y`) where there are such. A picture or an
            animation shows draws of chosen classes in the order of these.
        spec: the data's specification; a picture needs images.
        path: a file ending in .png (a grid), .gif or .apng (the way there), .csv (the columns of vectors), .npz or
            .safetensors.

    Raises:
        UsageError: for another ending, a folder that is not there, a picture of what is no image, or an animation of
            draws without a trajectory.
    """
    check_destination(spec, path)
    if path.suffix == ".csv":
        label = {} if draws.y is None else {"label": draws.y}
        write_columns([named_columns(draws.x, spec.columns) | label], path)
    elif path.suffix == ".png":
        write_picture(image_grid(draws.x[_by_class(draws)], spec), path)
    elif path.suffix not in ANIMATIONS:
        arrays = {"x": draws.x, "trajectory": draws.trajectory, "labels": draws.y}
        write_tensors({name: array for name, array in arrays.items() if array is not None}, path)
    elif draws.trajectory is None:
        raise UsageError(f"{path} must show the way to draws, and this sampler keeps none. Use .png for the draws.")
    else:
        write_animation(draws.trajectory[:, _by_class(draws)], spec, path)


def _by_class(draws: Draws) -> Tensor | slice:
    """Return the order in which draws are shown: as they came, or those of one class together."""
    return slice(None) if draws.y is None else torch.argsort(draws.y, stable=True)


def check_destination(spec: DataSpec, path: Path) -> None:
    """Raise unless draws can be written to a file; drawing may take long, and this is known before.

    Args:
        spec: the data's specification.
        path: where they shall go, as for `save_draws`.

    Raises:
        UsageError: as `save_draws`.
    """
    if path.suffix not in ENDINGS:
        *others, last = ENDINGS
        raise UsageError(f"{path} must end in {', '.join(others)} or {last}, got {path.suffix or 'no ending'!r}.")
    if path.suffix in PICTURES and not spec.is_image:
        raise UsageError(f"{path}: a picture needs images, and {spec.name} has shape {spec.event_shape}. Use .npz.")
    if path.suffix == ".csv" and len(spec.event_shape) != 1:
        raise UsageError(f"{path}: a CSV needs columns, and {spec.name} has shape {spec.event_shape}. Use .npz.")
    if not path.parent.is_dir():
        raise UsageError(f"folder {path.parent} must exist to write {path.name} into. Make it, or choose another.")
