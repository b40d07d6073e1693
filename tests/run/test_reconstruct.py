from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from toy import ToyBothWays, toy_assembly

from genlab.errors import DataError, UsageError
from genlab.interfaces import DataSpec
from genlab.run.reconstruct import Reconstruction, reconstruct, save_reconstruction

IMAGES = DataSpec("images", (1, 48, 48), 10, levels=17)
ROWS = DataSpec("rows", (2,), 10)


def both_ways():
    return replace(toy_assembly(), sampler=ToyBothWays())


def found_images(count):
    """Return reconstructions of images of one grey each, which is 16 / 10 of its number."""
    x = (torch.arange(count) * 1.6).reshape(-1, 1, 1, 1).expand(count, 1, 48, 48)
    return Reconstruction(x, torch.zeros(count, 3), 16 - x)


def shades(picture, rows, columns):
    """Return the grey in the middle of each tile, from 0 to 10."""
    pixels = np.asarray(picture)
    assert pixels.shape == (rows * 50 - 2, columns * 50 - 2)
    return (pixels[24::50, 24::50] / 25.5).round().astype(int).tolist()


def test_observations_are_led_to_latents_and_back():
    assembly = both_ways()
    found = reconstruct(assembly, assembly.data.test, 19)
    assert torch.equal(found.x, assembly.data.test.x[:19])
    assert torch.allclose(found.latents, found.x / 2**0.5)
    assert torch.allclose(found.reconstructed, (10 * found.x).round() / 10)
    assert found.between is None
    assert found.rmse == pytest.approx((found.x - found.reconstructed).square().mean().sqrt().item(), rel=1e-6)


def test_a_way_leads_from_each_first_to_its_second_across_batches():
    assembly = both_ways()
    assembly = replace(assembly, eval=replace(assembly.eval, batch_size=5))
    found = reconstruct(assembly, assembly.data.test, 12, between=3)
    assert found.between.shape == (6, 3, 1)
    assert torch.equal(found.between[:, 0], found.reconstructed[::2])
    assert torch.equal(found.between[:, -1], found.reconstructed[1::2])
    middle = (found.x[::2] + found.x[1::2]) / 2
    assert torch.allclose(found.between[:, 1], middle, atol=0.051)


def test_a_sampler_that_cannot_go_back_is_named():
    assembly = toy_assembly()
    with pytest.raises(UsageError, match=r"got ToySampler. Choose one with -s sampler.use=NAME"):
        reconstruct(assembly, assembly.data.test, 2)
    with pytest.raises(UsageError, match="got none"):
        reconstruct(replace(assembly, sampler=None), assembly.data.test, 2)


def test_more_observations_than_there_are_and_odd_ends_are_refused():
    assembly = both_ways()
    with pytest.raises(DataError, match="got 21 of 20"):
        reconstruct(assembly, assembly.data.test, 21)
    for num, between in ((3, 5), (4, 1)):
        with pytest.raises(UsageError, match=f"got {num} and {between}"):
            reconstruct(assembly, assembly.data.test, num, between=between)


def test_the_weights_and_modes_are_as_before():
    assembly = both_ways()
    assembly.model.train()
    reconstruct(assembly, assembly.data.test, 2)
    assert assembly.model.training


def test_a_picture_has_observations_above_what_became_of_them(tmp_path):
    save_reconstruction(found_images(3), IMAGES, tmp_path / "few.png")
    with Image.open(tmp_path / "few.png") as picture:
        assert shades(picture, 2, 3) == [[0, 1, 2], [10, 9, 8]]
    save_reconstruction(found_images(11), IMAGES, tmp_path / "many.png")
    with Image.open(tmp_path / "many.png") as picture:
        assert [row[0] for row in shades(picture, 4, 10)] == [0, 10, 10, 0]


def test_a_picture_of_ways_has_the_observations_at_the_ends(tmp_path):
    found = found_images(4)
    found = replace(found, between=torch.full((2, 3, 1, 48, 48), 8.0))
    save_reconstruction(found, IMAGES, tmp_path / "ways.png")
    with Image.open(tmp_path / "ways.png") as picture:
        assert shades(picture, 2, 5) == [[0, 5, 5, 5, 1], [2, 5, 5, 5, 3]]


def test_the_latents_are_in_the_file(tmp_path):
    found = Reconstruction(torch.rand(4, 2), torch.rand(4, 3), torch.rand(4, 2), torch.rand(2, 5, 2))
    save_reconstruction(found, ROWS, tmp_path / "all.npz")
    with np.load(tmp_path / "all.npz", allow_pickle=False) as arrays:
        assert {name: arrays[name].shape for name in arrays} == {
            "x": (4, 2),
            "latents": (4, 3),
            "reconstructed": (4, 2),
            "between": (2, 5, 2),
        }
        assert np.array_equal(arrays["latents"], found.latents.numpy())
    save_reconstruction(replace(found, between=None), ROWS, tmp_path / "x.safetensors")
    assert (tmp_path / "x.safetensors").is_file()


@pytest.mark.parametrize("name", ["x.csv", "x.png", "nowhere/x.npz", "x"])
def test_a_file_that_cannot_be_written_is_a_usage_error_and_leaves_nothing(tmp_path, name):
    with pytest.raises(UsageError):
        save_reconstruction(Reconstruction(*torch.rand(3, 4, 2)), ROWS, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
