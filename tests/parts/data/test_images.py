import numpy as np
import pytest
import torch
from PIL import Image

from genlab.errors import DataError
from genlab.parts.data.images import Images


@pytest.fixture
def folder(tmp_path):
    """Ten images in two class folders; the left half is black, the right half the image's number."""
    for number in range(10):
        kind = tmp_path / "pictures" / ("cats" if number % 2 else "ants")
        kind.mkdir(parents=True, exist_ok=True)
        pixels = np.zeros((16, 32, 3), dtype=np.uint8)
        pixels[:, 16:] = number * 20
        Image.fromarray(pixels).save(kind / f"{number}.png")
    return tmp_path / "pictures"


def read(splits, name="train"):
    split = splits[name]
    return next(split.batches([torch.arange(len(split))], torch.Generator()))


def test_the_middle_square_is_kept(folder):
    batch = read(Images(path=folder, size=8, split=(1, 0, 0)).load())
    assert batch.x.shape == (10, 3, 8, 8)
    assert batch.x[:, :, :, :4].max() == 0
    assert sorted(batch.x[:, 0, 0, 7].tolist()) == [20 * number for number in range(10)]


def test_folders_are_classes_in_alphabetical_order(folder):
    splits = Images(path=folder, size=8, split=(1, 0, 0)).load()
    batch = read(splits)
    assert splits.spec.num_classes == 2
    assert torch.equal(batch.y, (batch.x[:, 0, 0, 7] / 20).long() % 2)


def test_grey_images_have_one_channel(folder):
    assert Images(path=folder, size=8, color=False).load().spec.event_shape == (1, 8, 8)


@pytest.mark.parametrize("workers", [0, 1])
def test_streamed_images_are_those_held_in_memory(folder, workers):
    held = read(Images(path=folder, size=8, in_memory=True).load(), "train")
    streamed = read(Images(path=folder, size=8, in_memory=False, workers=workers).load(), "train")
    assert torch.equal(held.x, streamed.x)
    assert torch.equal(held.y, streamed.y)


def test_a_file_that_is_no_image_is_named(folder):
    (folder / "cats" / "broken.png").write_bytes(b"garbage")
    with pytest.raises(DataError, match=r"broken.png cannot be read as an image"):
        Images(path=folder, size=8).load()


def test_a_broken_file_met_by_a_worker_is_the_same_clear_error(folder):
    (folder / "cats" / "broken.png").write_bytes(b"garbage")
    splits = Images(path=folder, size=8, in_memory=False, workers=1, split=(1, 0, 0)).load()
    with pytest.raises(DataError, match=r"^[^\n]*broken.png cannot be read as an image[^\n]*$"):
        read(splits)


def test_no_folder_and_an_empty_one_are_explained(tmp_path):
    with pytest.raises(DataError, match="must be a folder of images"):
        Images(path=tmp_path / "nowhere").load()
    with pytest.raises(DataError, match="must hold images"):
        Images(path=tmp_path).load()


def test_sixteen_bits_a_channel_are_refused_for_they_would_be_clipped(tmp_path):
    Image.fromarray(np.full((8, 8), 1000, dtype=np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(DataError, match=r"deep\.png must have at most 8 bits a channel, got mode I;16"):
        Images(path=tmp_path, size=8, split=(1, 0, 0)).load()


def test_a_photograph_is_turned_the_way_its_camera_was_held(tmp_path):
    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    pixels[:4] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(pixels).save(tmp_path / "photo.png", exif=exif)
    x = read(Images(path=tmp_path, size=8, split=(1, 0, 0)).load()).x
    assert x[0, :, :4].max() == 0
    assert x[0, :, 4:].min() == 255


def test_hidden_files_are_passed_over(folder):
    (folder / "cats" / "._1.png").write_bytes(b"what a Mac leaves behind")
    assert Images(path=folder, size=8).load().spec.num_train == 8


def test_another_folder_is_read_as_the_first_and_not_split(folder, tmp_path):
    source = Images(path=folder, size=8, split=(0.5, 0.3, 0.2), workers=0)
    spec = source.load().spec
    other = tmp_path / "other"
    other.mkdir()
    for number in (3, 1):
        Image.fromarray(np.full((20, 20, 3), number, dtype=np.uint8)).save(other / f"{number}.png")
    split = source.open(other, spec)
    (batch,) = split.in_order(5, torch.Generator())
    assert batch.x.shape == (2, *spec.event_shape)
    assert batch.x[:, 0, 0, 0].tolist() == [1, 3]
    assert len(source.load().train) == 5
