import hashlib
import tarfile
import threading
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
import torch
from cifar_file import FOLDER, TEST, TRAIN, record

from genlab.errors import DataError
from genlab.parts.data import cifar10
from genlab.parts.data.cifar10 import CIFAR10


@pytest.fixture
def root(tmp_path):
    """A root whose six files hold 4 images each: red the column, green the row, blue the image's number."""
    folder = tmp_path / FOLDER
    folder.mkdir()
    rows, columns = np.indices((32, 32), dtype=np.uint8)
    for place, name in enumerate((*TRAIN, TEST)):
        images = [np.stack([columns, rows, np.full_like(rows, 4 * place + label)]) for label in range(4)]
        (folder / name).write_bytes(b"".join(record(label, image) for label, image in enumerate(images)))
    return tmp_path


@pytest.fixture
def archive(root, monkeypatch):
    """The archive that is fetched, which holds those files, on this machine; they themselves are gone."""
    packed = root / "elsewhere" / "cifar-10-binary.tar.gz"
    packed.parent.mkdir()
    with tarfile.open(packed, "w:gz") as tar:
        tar.add(root / FOLDER, FOLDER)
    for path in (root / FOLDER).iterdir():
        path.unlink()
    server = HTTPServer(("127.0.0.1", 0), partial(_Silent, directory=packed.parent))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(cifar10, "_URL", f"http://127.0.0.1:{server.server_port}/{packed.name}")
    monkeypatch.setattr(cifar10, "_MD5", hashlib.md5(packed.read_bytes(), usedforsecurity=False).hexdigest())
    yield packed
    server.shutdown()
    server.server_close()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def all_of(split, seed=0):
    return next(split.batches([torch.arange(len(split))], torch.Generator().manual_seed(seed)))


def test_colors_rows_columns_and_labels_are_read(root):
    splits = CIFAR10(root=root, validation=5).load()
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (15, 5, 4)
    assert (splits.spec.event_shape, splits.spec.levels, splits.spec.num_classes) == ((3, 32, 32), 256, 10)
    batch = all_of(splits.test)
    assert batch.x[0, :, 5, 7].tolist() == [7, 5, 20]
    assert batch.x[3, :, 30, 1].tolist() == [1, 30, 23]
    assert batch.y.tolist() == [0, 1, 2, 3]


def test_the_five_files_are_the_training_and_validation_data_and_the_sixth_the_test_data(root):
    splits = CIFAR10(root=root, validation=5).load()
    seen = [all_of(split).x[:, 2, 0, 0].tolist() for split in (splits.train, splits.validation, splits.test)]
    assert sorted(seen[0] + seen[1]) == list(range(20))
    assert seen[2] == [20, 21, 22, 23]


def test_half_of_the_training_images_are_mirrored_anew_each_time(root):
    splits = CIFAR10(root=root, validation=4, random_flips=True).load()
    upright, readings = all_of(CIFAR10(root=root, validation=4).load().train).x, 200
    mirrored = []
    for seed in range(readings):
        x = all_of(splits.train, seed).x
        turned = x[:, 0, 0, 0] == 31
        assert torch.equal(torch.where(turned.view(-1, 1, 1, 1), x.flip(-1), x), upright)
        mirrored.append(turned)
    share = torch.stack(mirrored).double().mean()
    assert abs(share - 0.5) < 6 * 0.5 / (16 * readings) ** 0.5
    assert torch.equal(all_of(splits.train, 3).x, all_of(splits.train, 3).x)


def test_held_out_images_are_never_mirrored(root):
    splits = CIFAR10(root=root, validation=8, random_flips=True).load()
    for split in (splits.validation, splits.test):
        for seed in range(5):
            assert (all_of(split, seed).x[:, 0, 0, 0] == 0).all()


def test_missing_and_cut_files_are_explained(root, tmp_path):
    with pytest.raises(DataError, match=r"must have its files in .*cifar-10-batches-bin.* Set data\.download = true"):
        CIFAR10(root=tmp_path / "nowhere").load()
    (root / FOLDER / "data_batch_3.bin").write_bytes(b"\0" * 100)
    with pytest.raises(DataError, match="records of 3,073 bytes, got 100"):
        CIFAR10(root=root).load()


def test_what_is_missing_is_fetched_where_the_recipe_says_so(root, archive: Path):
    with pytest.raises(DataError, match=r"Set data\.download = true"):
        CIFAR10(root=root, validation=0).load()
    there = root / "data" / "sets"
    assert all_of(CIFAR10(root=there, download=True, validation=0).load().test).x[0, :, 5, 7].tolist() == [7, 5, 20]
    archive.unlink()
    assert len(CIFAR10(root=there, download=True, validation=0).load().train) == 20


def test_an_archive_that_is_another_is_not_unpacked(tmp_path, archive: Path):
    archive.write_bytes(archive.read_bytes()[:-1])
    with pytest.raises(DataError, match="cannot be read"):
        CIFAR10(root=tmp_path / "data", download=True).load()
    assert not (tmp_path / "data" / FOLDER).exists()
