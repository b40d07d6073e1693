"""A folder of image files.

An image is scaled so that its shorter side is `size`, and its middle `size` x `size` pixels are kept. Where all of
them fit in memory they are held as one uint8 tensor; otherwise worker processes read them as they are needed.
Folders inside the folder are classes, in alphabetical order; files directly in it have no label.
"""

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from genlab.data.splitting import Fractions, check_fractions, split_indices
from genlab.data.tensor_split import TensorSplit
from genlab.errors import DataError
from genlab.interfaces.constraints import NonNegativeInt, PositiveInt
from genlab.interfaces.data_source import DataSource, DataSpec, Split, Splits
from genlab.parts.data.stream_split import StreamSplit

_ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".bmp"}
_IN_MEMORY_BYTES = 2 * 2**30
"""Up to this size the images are held in memory, unless the recipe says otherwise."""


@dataclass(frozen=True)
class ImageFiles:
    """Image files read one at a time.

    Attributes:
        paths: the files.
        labels: one for each file, or None.
        size: the side of the square each is brought to.
        color: whether pixels are red, green and blue; otherwise grey.
    """

    paths: tuple[Path, ...]
    labels: tuple[int, ...] | None
    size: int
    color: bool

    def __getitem__(self, index: int) -> tuple[Tensor, int | None]:
        """Read one image, `(channels, size, size)` in uint8, and its label.

        Raises:
            DataError: when the file cannot be read as an image.
        """
        path = self.paths[index]
        try:
            with Image.open(path) as image:
                square = _square(_eight_bits(path, image).convert("RGB" if self.color else "L"), self.size)
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise DataError(f"{path} cannot be read as an image: {error}. Take it out of the folder.") from error
        pixels = torch.from_numpy(np.array(square))
        pixels = pixels.permute(2, 0, 1) if self.color else pixels.unsqueeze(0)
        return pixels.contiguous(), None if self.labels is None else self.labels[index]


class Images(DataSource):
    """Image files, resized and cropped, in levels 0..255."""

    def __init__(
        self,
        *,
        path: Path,
        size: PositiveInt = 32,
        color: bool = True,
        batch_size: PositiveInt = 128,
        in_memory: bool | None = None,
        workers: NonNegativeInt = 2,
        split: Fractions = (0.8, 0.1, 0.1),
        split_seed: NonNegativeInt = 0,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            path: the folder; files of all folders inside it are read too.
            size: the side of the square each image is brought to, in pixels.
            color: whether pixels are red, green and blue; otherwise grey.
            batch_size: how many images a training step reads.
            in_memory: whether all images are held in memory; by default up to 2 GiB are.
            workers: how many processes read images that are not.
            split: the shares of training, validation and test data.
            split_seed: fixes which image goes where.

        Raises:
            IncompatibleError: when the shares do not sum to 1.
        """
        check_fractions(split)
        self.batch_size, self._path, self._size, self._color = batch_size, path, size, color
        self._in_memory, self._workers = in_memory, workers
        self._split, self._split_seed = split, split_seed

    def load(self) -> Splits:
        """Find the files, and read them where they fit in memory.

        Raises:
            DataError: when there is no folder, no image in it, or a file is no image.
        """
        files = self._find()
        parts = split_indices(len(files.paths), self._split, self._split_seed)
        channels = 3 if self._color else 1
        shape = (channels, self._size, self._size)
        in_memory = self._in_memory
        if in_memory is None:
            in_memory = len(files.paths) * channels * self._size**2 <= _IN_MEMORY_BYTES
        train, validation, test = _in_memory(files, parts) if in_memory else self._streamed(files, parts)
        classes = None if files.labels is None else max(files.labels) + 1
        return Splits(DataSpec(self._path.name, shape, len(parts[0]), 256, classes), train, validation, test)

    def open(self, path: Path, spec: DataSpec) -> StreamSplit:
        """Read another folder's images, scaled and cropped alike, as they are needed.

        Raises:
            DataError: when there is no folder, no image in it, or a file is no image.
        """
        other = copy.copy(self)
        other._path = path
        files = other._find()
        return StreamSplit(files, torch.arange(len(files.paths)), workers=self._workers)

    def _find(self) -> ImageFiles:
        if not self._path.is_dir():
            raise DataError(
                f"data.path must be a folder of images, got {self._path}, which is none. Name yours with "
                "-s data.path=FOLDER, or in the recipe."
            )
        paths = tuple(sorted(path for path in self._path.rglob("[!.]*") if path.suffix.lower() in _ENDINGS))
        if not paths:
            raise DataError(f"{self._path} must hold images ({', '.join(sorted(_ENDINGS))}), got none.")
        folders = [path.relative_to(self._path).parts[0] for path in paths if path.parent != self._path]
        if len(folders) < len(paths):
            return ImageFiles(paths, None, self._size, self._color)
        number = {name: index for index, name in enumerate(sorted(set(folders)))}
        return ImageFiles(paths, tuple(number[name] for name in folders), self._size, self._color)

    def _streamed(self, files: ImageFiles, parts: tuple[Tensor, Tensor, Tensor]) -> list[Split]:
        return [StreamSplit(files, indices, workers=self._workers) for indices in parts]


def _in_memory(files: ImageFiles, parts: tuple[Tensor, Tensor, Tensor]) -> list[Split]:
    images = torch.stack([files[index][0] for index in range(len(files.paths))])
    whole = TensorSplit(images, None if files.labels is None else torch.tensor(files.labels))
    return [whole.subset(indices) for indices in parts]


def _eight_bits(path: Path, image: Image.Image) -> Image.Image:
    """Return the image the right way up, if its channels have at most 8 bits: the conversion would clip others."""
    if image.mode.startswith(("I", "F")):
        raise DataError(
            f"{path} must have at most 8 bits a channel, got mode {image.mode}. "
            "Convert it, or take it out of the folder."
        )
    return ImageOps.exif_transpose(image)


def _square(image: Image.Image, size: int) -> Image.Image:
    scale = size / min(image.size)
    width, height = (max(size, round(side * scale)) for side in image.size)
    left, top = (width - size) // 2, (height - size) // 2
    resized = image.resize((width, height), Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.BOX)
    return resized.crop((left, top, left + size, top + size))
