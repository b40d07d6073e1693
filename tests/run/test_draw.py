import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from toy import ToySampler, toy_assembly

from genlab.errors import UsageError
from genlab.interfaces import DataSpec, Draws
from genlab.parts.accelerator.cpu import CPU
from genlab.run.draw import draw, save_draws

IMAGES = DataSpec("images", (1, 8, 8), 10, levels=17)
ROWS = DataSpec("rows", (2,), 10)


def test_draws_depend_on_the_seed_alone():
    one, same, other = (draw(toy_assembly(), 300, seed=seed).x for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert len(one) == 300


def test_a_recipe_without_a_sampler_says_what_to_add():
    assembly = toy_assembly()
    assembly = type(assembly)(**(vars(assembly) | {"sampler": None}))
    with pytest.raises(UsageError, match=r"Add a \[sampler\] table"):
        draw(assembly, 1)


@pytest.mark.parametrize("asked", [True, False])
def test_a_sampler_that_asks_for_it_draws_in_the_accelerator_s_precision(asked):
    seen = []

    class Watching(ToySampler):
        autocast = asked

        def draw(self, *given, **keys):
            seen.append(torch.is_autocast_enabled("cpu"))
            return super().draw(*given, **keys)

    assembly = toy_assembly()
    parts = {"sampler": Watching(), "accelerator": CPU(precision="bfloat16")}
    draw(type(assembly)(**(vars(assembly) | parts)), 3)
    assert seen == [asked]
    assert not torch.is_autocast_enabled("cpu")


def test_tensors_are_written_and_read_back(tmp_path):
    draws = Draws(torch.rand(3, 2), torch.rand(4, 3, 2))
    save_draws(draws, ROWS, tmp_path / "x.npz")
    save_draws(draws, ROWS, tmp_path / "x.safetensors")
    with np.load(tmp_path / "x.npz", allow_pickle=False) as arrays:
        assert np.array_equal(arrays["x"], draws.x.numpy())
        assert np.array_equal(arrays["trajectory"], draws.trajectory.numpy())
    assert torch.equal(load_file(tmp_path / "x.safetensors")["x"], draws.x)


def test_a_grid_shows_every_image_at_its_place(tmp_path):
    x = torch.zeros(5, 1, 8, 8)
    x[4] = 16
    save_draws(Draws(x), IMAGES, tmp_path / "grid.png")
    with Image.open(tmp_path / "grid.png") as image:
        pixels = np.asarray(image)
    assert pixels.shape == (2 * 48 + 2, 3 * 48 + 4)
    assert (pixels[60:90, 60:90] == 255).all()
    assert (pixels[:48, :48] == 0).all()


def test_labels_of_draws_stand_beside_them_in_a_file_in_the_order_of_the_draws(tmp_path):
    draws = Draws(torch.rand(3, 2), y=torch.tensor([7, 0, 7]))
    save_draws(draws, ROWS, tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz", allow_pickle=False) as arrays:
        assert sorted(arrays) == ["labels", "x"]
        assert np.array_equal(arrays["x"], draws.x.numpy())
        assert arrays["labels"].tolist() == [7, 0, 7]
    save_draws(draws, ROWS, tmp_path / "x.csv")
    assert [line.rpartition(",")[2] for line in (tmp_path / "x.csv").read_text().split()] == ["label", "7", "0", "7"]


@pytest.mark.parametrize("name", ["grid.png", "way.apng"])
def test_a_picture_shows_draws_of_one_class_together_in_the_order_of_the_classes(tmp_path, name):
    x = torch.tensor([3.0, 12.0, 4.0, 13.0]).reshape(4, 1, 1, 1).expand(4, 1, 8, 8)
    save_draws(Draws(x, trajectory=x[None], y=torch.tensor([2, 0, 2, 0])), IMAGES, tmp_path / name)
    with Image.open(tmp_path / name) as image:
        pixels = np.asarray(image.convert("L"))
    shown = [pixels[10, 10], pixels[10, 60], pixels[60, 10], pixels[60, 60]]
    assert [round(value / 255 * 16) for value in shown] == [12, 13, 3, 4]


def test_labels_are_kept_over_several_calls_of_a_sampler():
    class Labelled(ToySampler):
        def draw(self, model, num_draws, **keys):
            return Draws(torch.zeros(num_draws, 1), y=torch.arange(num_draws) % 5)

    assembly = toy_assembly()
    labels = draw(type(assembly)(**(vars(assembly) | {"sampler": Labelled()})), 300).y
    assert torch.equal(labels, torch.arange(300) % 5)


@pytest.mark.parametrize(("name", "spec"), [("x.gif", ROWS), ("x.png", ROWS), ("nowhere/x.npz", ROWS)])
def test_a_file_that_cannot_be_written_is_a_usage_error_and_leaves_nothing(tmp_path, name, spec):
    with pytest.raises(UsageError):
        save_draws(Draws(torch.rand(3, 2)), spec, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
