"""The way to draws as an animation: GIF or APNG, the last frame held."""

from pathlib import Path

import torch
from torch import Tensor

from genlab.interfaces import DataSpec
from genlab.records.files import write_atomically
from genlab.run.picture import image_grid, value_range

_WAY_MILLISECONDS = 3000
_SHORTEST_FRAME, _LONGEST_FRAME = 20, 200  # below 20, browsers slow a GIF down
_HELD_MILLISECONDS = 2000


def write_animation(trajectory: Tensor, spec: DataSpec, path: Path) -> None:
    """Write the states of draws, one frame after the other, over and over; the file is whole or not there.

    Args:
        trajectory: `(frames, N, channels, height, width)` in the data's own values, 1 or 3 channels.
        spec: says how many levels a pixel has; without levels, the last frame says which values are black and white.
        path: ends in .gif (256 colors) or .apng.
    """
    values = value_range([trajectory[-1]], spec)
    pictures = [image_grid(state, spec, values) for state in torch.unbind(trajectory)]
    durations = frame_milliseconds(len(pictures))

    def write(temporary: Path) -> None:
        pictures[0].save(
            temporary,
            format="gif" if path.suffix == ".gif" else "png",
            save_all=True,
            append_images=pictures[1:],
            duration=durations,
            loop=0,
        )

    write_atomically(path, write)


def frame_milliseconds(num_frames: int) -> list[int]:
    """Return how long each frame is shown: about three seconds in all, and the last one for two more.

    >>> frame_milliseconds(4)
    [200, 200, 200, 2000]
    >>> sum(frame_milliseconds(31)[:-1])
    3000
    """
    each = _WAY_MILLISECONDS / max(num_frames - 1, 1)
    each = min(max(each, _SHORTEST_FRAME), _LONGEST_FRAME) // 10 * 10  # a GIF counts in hundredths of a second
    return [*[int(each)] * (num_frames - 1), _HELD_MILLISECONDS]
