"""Tensors by name in one file: `.npz` or `.safetensors`."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.torch import save_file
from torch import Tensor

from genlab.records.files import write_atomically


def write_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write tensors; the file is whole or not there.

    Args:
        tensors: by name, on any device.
        path: ends in .npz or .safetensors.
    """
    here = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    if path.suffix == ".safetensors":
        write_atomically(path, lambda temporary: save_file(here, temporary))
    else:
        write_atomically(path, lambda temporary: _write_npz(here, temporary))


def _write_npz(tensors: Mapping[str, Tensor], path: Path) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **{name: tensor.numpy() for name, tensor in tensors.items()})
