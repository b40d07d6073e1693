"""The file format of CIFAR-10's binary version."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = "cifar-10-batches-bin"
TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = "test_batch.bin"


def record(label: int, image: NDArray[np.uint8]) -> bytes:
    """Return a label and an image `(3, 32, 32)` as the files hold them."""
    return bytes([label]) + image.tobytes()


def write_noise(root: Path, per_file: int) -> None:
    """Write the six files, of images of noise and labels in turn."""
    noise = np.random.default_rng(0)
    (root / FOLDER).mkdir(parents=True)
    for name in (*TRAIN, TEST):
        images = noise.integers(256, size=(per_file, 3, 32, 32), dtype=np.uint8)
        content = b"".join(record(index % 10, image) for index, image in enumerate(images))
        (root / FOLDER / name).write_bytes(content)
