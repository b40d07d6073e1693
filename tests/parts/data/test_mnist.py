import gzip
import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from idx_file import idx_bytes

from genlab.errors import DataError
from genlab.parts.data.mnist import MNIST, FashionMNIST

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@pytest.fixture
def root(tmp_path):
    """A root with a tiny MNIST: 30 training and 10 test images whose every pixel is the image's number."""
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for images, labels, count in ((FILES[0], FILES[1], 30), (FILES[2], FILES[3], 10)):
        pixels = np.broadcast_to(np.arange(count)[:, None, None] * 8, (count, 28, 28))
        (folder / images).write_bytes(idx_bytes(pixels))
        (folder / labels).write_bytes(idx_bytes(np.arange(count) % 10))
    return tmp_path


def all_of(split):
    return next(split.batches([torch.arange(len(split))], torch.Generator().manual_seed(0)))


def test_images_keep_their_levels_and_their_labels(root):
    splits = MNIST(root=root, validation=10).load()
    train, validation = all_of(splits.train), all_of(splits.validation)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (20, 10, 10)
    assert splits.spec.event_shape == (1, 28, 28)
    assert splits.spec.levels == 256
    seen = torch.cat([train.x, validation.x])[:, 0, 0, 0] / 8
    assert sorted(seen.tolist()) == list(range(30))
    assert torch.equal(train.x[:, 0, 0, 0] / 8 % 10, train.y.float())


def test_the_published_test_images_are_the_test_split(root):
    assert (all_of(MNIST(root=root, validation=0).load().test).x[:, 0, 0, 0] / 8).tolist() == list(range(10))


def test_packed_files_are_unpacked_where_they_lie(root):
    folder = root / "MNIST" / "raw"
    for path in list(folder.iterdir()):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert len(MNIST(root=root, validation=0).load().train) == 30


def test_missing_files_say_where_they_belong_and_how_to_fetch_them(tmp_path):
    with pytest.raises(DataError, match=r"data 'mnist' must have its files in .*raw.* Set data.download = true"):
        MNIST(root=tmp_path).load()


def test_damaged_files_are_a_clear_error(root):
    (root / "MNIST" / "raw" / FILES[0]).write_bytes(b"not an IDX file")
    with pytest.raises(DataError, match="cannot be read"):
        MNIST(root=root).load()
    (root / "MNIST" / "raw" / FILES[0]).unlink()
    (root / "MNIST" / "raw" / f"{FILES[0]}.gz").write_bytes(b"not gzip")
    with pytest.raises(DataError, match="cannot be read"):
        MNIST(root=root).load()


def test_the_root_comes_from_the_recipe_then_the_environment_then_the_cache(root, monkeypatch, tmp_path):
    monkeypatch.setenv("GENLAB_DATA", str(root))
    assert len(MNIST(validation=0).load().train) == 30
    monkeypatch.delenv("GENLAB_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(DataError, match=str(tmp_path / "cache" / "genlab" / "data")):
        MNIST().load()


def test_more_validation_than_data_is_explained(root):
    with pytest.raises(DataError, match="at least one training example"):
        MNIST(root=root, validation=30).load()


@pytest.mark.parametrize(("how", "levels"), [("none", 256), ("threshold", 2), ("static", 2), ("dynamic", 2)])
def test_the_binarization_is_in_the_name_and_the_levels(root, how, levels):
    splits = MNIST(root=root, validation=5, binarize=how).load()
    assert splits.spec.levels == levels
    assert splits.spec.name == ("mnist" if how == "none" else f"mnist ({how} binarization)")
    assert splits.spec.binarization == (None if how == "none" else how)
    assert all_of(splits.train).x.max() <= levels - 1


def real_files(name, tmp_path):
    """Return a scratch root with the real data set, or skip where it is absent."""
    folder = Path(os.environ.get("GENLAB_TEST_DATA", "")) / name / "raw"
    if not os.environ.get("GENLAB_TEST_DATA") or not folder.is_dir():
        pytest.skip("GENLAB_TEST_DATA names no folder with the real data set")
    shutil.copytree(folder, tmp_path / name / "raw")
    return tmp_path


def test_the_real_mnist_is_read_whole(tmp_path):
    splits = MNIST(root=real_files("MNIST", tmp_path), validation=5000).load()
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (55_000, 5_000, 10_000)
    test = all_of(splits.test)
    assert test.y[:5].tolist() == [7, 2, 1, 0, 4]
    content = (tmp_path / "MNIST" / "raw" / FILES[2]).read_bytes()
    assert hashlib.sha256(content[16:]).digest() == hashlib.sha256(test.x.to(torch.uint8).numpy().tobytes()).digest()


def test_the_real_fashion_mnist_has_every_class_equally_often_in_its_test_split(tmp_path):
    splits = FashionMNIST(root=real_files("FashionMNIST", tmp_path)).load()
    assert all_of(splits.test).y.bincount().tolist() == [1000] * 10
