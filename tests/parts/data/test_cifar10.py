import numpy as np
import pytest
import torch

from genlab.errors import DataError
from genlab.parts.data.cifar10 import CIFAR10


@pytest.fixture
def root(tmp_path):
    """A root whose batches hold 4 images each: red 1, green 2, blue 3, the label the image's number."""
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    pixels = np.repeat(np.array([1, 2, 3], dtype=np.uint8), 1024)
    for name in (*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin"):
        (folder / name).write_bytes(b"".join(bytes([label]) + pixels.tobytes() for label in range(4)))
    return tmp_path


def test_colors_and_labels_are_read(root):
    splits = CIFAR10(root=root, validation=5).load()
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (15, 5, 4)
    batch = next(splits.test.batches([torch.arange(4)], torch.Generator()))
    assert batch.x.shape == (4, 3, 32, 32)
    assert batch.x[0, :, 5, 7].tolist() == [1, 2, 3]
    assert batch.y.tolist() == [0, 1, 2, 3]


def test_missing_and_cut_files_are_explained(root, tmp_path):
    with pytest.raises(DataError, match=r"must have its files in .*cifar-10-batches-bin"):
        CIFAR10(root=tmp_path / "nowhere").load()
    (root / "cifar-10-batches-bin" / "data_batch_3.bin").write_bytes(b"\0" * 100)
    with pytest.raises(DataError, match="records of 3,073 bytes, got 100"):
        CIFAR10(root=root).load()
