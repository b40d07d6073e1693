"""CIFAR-10: 50,000 training and 10,000 test photographs of 32x32 color pixels, in ten classes.

torchvision's own reader of this data set unpickles it; here the files of the binary version are read instead: each
image is a byte of label and 3,072 bytes of pixels, all red ones first, row by row.

Reference: Krizhevsky 2009 (learning multiple layers of features from tiny images).
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genlab.data.splitting import hold_out
from genlab.data.tensor_split import TensorSplit
from genlab.errors import DataError
from genlab.interfaces.constraints import NonNegativeInt, PositiveInt
from genlab.interfaces.data_source import DataSource, DataSpec, Splits
from genlab.parts.data.mirroring import mirrored_at_random
from genlab.parts.data.torchvision_files import data_root, read_data_set

_FOLDER = "cifar-10-batches-bin"
_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
_MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
_TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
_TEST = ("test_batch.bin",)
_SHAPE = (3, 32, 32)


class CIFAR10(DataSource):
    """Photographs of animals and vehicles, in levels 0..255."""

    def __init__(
        self,
        *,
        batch_size: PositiveInt = 128,
        root: Path | None = None,
        download: bool = False,
        validation: NonNegativeInt = 5000,
        split_seed: NonNegativeInt = 0,
        random_flips: bool = False,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            batch_size: how many images a training step reads.
            root: the folder above the data set's own; by default GENLAB_DATA, or genlab/data in the user's cache.
            download: whether files that are missing are fetched.
            validation: how many of the 50,000 training images are held out.
            split_seed: fixes which.
            random_flips: whether training images are mirrored left to right half of the times they are read.
        """
        self.batch_size, self._root, self._download = batch_size, data_root(root), download
        self._validation, self._split_seed, self._random_flips = validation, split_seed, random_flips

    def load(self) -> Splits:
        """Read all images into memory.

        Raises:
            DataError: when the files are missing or not those of the binary version.
        """
        folder = self._root / _FOLDER
        if self._download and not all((folder / name).is_file() for name in (*_TRAIN, *_TEST)):
            read_data_set("cifar10", folder, self._fetch)
        (x, y), (test_x, test_y) = self._read(folder, _TRAIN), self._read(folder, _TEST)
        train, validation = hold_out(len(x), self._validation, self._split_seed)
        spec = DataSpec("cifar10", _SHAPE, len(train), levels=256, num_classes=10)
        observe = mirrored_at_random if self._random_flips else None
        return Splits(
            spec,
            TensorSplit(x[train], y[train], observe=observe),
            TensorSplit(x[validation], y[validation]),
            TensorSplit(test_x, test_y),
        )

    def _read(self, folder: Path, names: tuple[str, ...]) -> tuple[Tensor, Tensor]:
        """Return images `(N, 3, 32, 32)` in uint8 and labels `(N,)`."""
        files = read_data_set("cifar10", folder, lambda: [_read_file(folder / name) for name in names])
        images, labels = zip(*files, strict=True)
        return torch.cat(images), torch.cat(labels)

    def _fetch(self) -> Any:
        from torchvision.datasets.utils import download_and_extract_archive  # noqa: PLC0415 - seconds to import

        self._root.mkdir(parents=True, exist_ok=True)
        return download_and_extract_archive(_URL, str(self._root), md5=_MD5)


def _read_file(path: Path) -> tuple[Tensor, Tensor]:
    """Return images `(N, 3, 32, 32)` in uint8 and labels `(N,)`."""
    content = np.fromfile(path, dtype=np.uint8)
    record = 1 + int(np.prod(_SHAPE))
    if content.size == 0 or content.size % record:
        raise DataError(
            f"{path} must hold records of {record:,} bytes, got {content.size:,} bytes. Fetch the binary version again "
            "with data.download = true."
        )
    records = torch.from_numpy(content.reshape(-1, record))
    return records[:, 1:].reshape(-1, *_SHAPE), records[:, 0].long()
