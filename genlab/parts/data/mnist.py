"""MNIST and Fashion-MNIST: 60,000 training and 10,000 test images of 28x28 grey pixels, in ten classes.

Reference: LeCun, Bottou, Bengio & Haffner 1998 (MNIST); Xiao, Rasul & Vollgraf 2017 (Fashion-MNIST).
"""

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genlab.data.splitting import hold_out
from genlab.interfaces.constraints import NonNegativeInt, PositiveInt
from genlab.interfaces.data_source import DataSource, DataSpec, Splits
from genlab.parts.data.binarize import Binarization, binarized_spec, binarized_split
from genlab.parts.data.torchvision_files import data_root, read_data_set, unpack

_LEVELS = 256


class GreyImages(DataSource):
    """One of the data sets in MNIST's format; its test images are the published ones."""

    name: str
    torchvision_name: str

    def __init__(
        self,
        *,
        batch_size: PositiveInt = 128,
        binarize: Binarization = "none",
        root: Path | None = None,
        download: bool = False,
        validation: NonNegativeInt = 5000,
        split_seed: NonNegativeInt = 0,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            batch_size: how many images a training step reads.
            binarize: none keeps the 256 levels; threshold, static (drawn once) and dynamic (drawn each time) leave 2.
            root: the folder above the data set's own; by default GENLAB_DATA, or genlab/data in the user's cache.
            download: whether files that are missing are fetched.
            validation: how many of the 60,000 training images are held out.
            split_seed: fixes which.
        """
        self.batch_size, self._binarize, self._download = batch_size, binarize, download
        self._root, self._validation, self._split_seed = data_root(root), validation, split_seed

    def load(self) -> Splits:
        """Read all images into memory."""
        (x, y), (test_x, test_y) = self._read(train=True), self._read(train=False)
        # Drawn before splitting, so that a static image is the same whichever part it falls into.
        whole = binarized_split(x, y, _LEVELS, self._binarize, seed=0)
        test = binarized_split(test_x, test_y, _LEVELS, self._binarize, seed=1)
        train, validation = hold_out(len(whole), self._validation, self._split_seed)
        spec = DataSpec(
            name=self.name,
            event_shape=tuple(x.shape[1:]),
            num_train=len(train),
            levels=_LEVELS,
            num_classes=10,
        )
        return Splits(binarized_spec(spec, self._binarize), whole.subset(train), whole.subset(validation), test)

    def _read(self, *, train: bool) -> tuple[Tensor, Tensor]:
        """Return images `(N, 1, 28, 28)` in uint8 and labels `(N,)`."""
        folder = self._root / self.torchvision_name / "raw"
        data_set = read_data_set(self.name, folder, lambda: self._open(folder, train=train))
        images: Tensor = data_set.data.unsqueeze(1)
        return images, data_set.targets.to(torch.long)

    def _open(self, folder: Path, *, train: bool) -> Any:
        import torchvision.datasets  # noqa: PLC0415 - seconds to import, so only where it reads

        unpack(folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about old NumPy arrays; nothing a user could act on
            data_set = getattr(torchvision.datasets, self.torchvision_name)
            return data_set(self._root, train=train, download=self._download)


class MNIST(GreyImages):
    """Handwritten digits, in levels 0..255."""

    name = "mnist"
    torchvision_name = "MNIST"


class FashionMNIST(GreyImages):
    """Garments, in levels 0..255."""

    name = "fashion-mnist"
    torchvision_name = "FashionMNIST"
