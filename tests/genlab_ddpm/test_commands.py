"""What the commands make of a diffusion's run."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from run_by_command import run_by_command

from genlab.cli.main import main

RECIPE = """
name = "tiny"
data = { use = "digits" }
model = { use = "ddpm", timesteps = 12, network = { use = "unet", channels = [4], blocks = 1 } }
family = { use = "forward-diffusion" }
elbo = { use = "denoising" }
update = { use = "gradient" }
train = { steps = 1 }
eval = { max_examples = 4, repeats = 1 }
sampler = { use = "ddim", steps = 6, frames = 3 }
accelerator = { use = "cpu", precision = "float32" }
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_by_command(tmp_path_factory.mktemp("runs"), RECIPE)


def test_a_trajectory_of_images_is_an_animation_unless_a_file_says_otherwise(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sample", str(run), "-n", "4", "--trajectory"]) == 0
    path = Path(capsys.readouterr().out.strip())
    assert path.name == "step-1-n-4.gif"
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 1) == 4
    assert main(["sample", str(run), "-n", "4", "--out", str(tmp_path / "way.apng")]) == 0
    with Image.open(tmp_path / "way.apng") as image:
        assert getattr(image, "n_frames", 1) == 4
    assert main(["sample", str(run), "-n", "4", "--trajectory", "--out", str(tmp_path / "way.npz")]) == 0
    assert np.load(tmp_path / "way.npz")["trajectory"].shape == (4, 4, 1, 8, 8)


def test_classes_of_draws_are_chosen_for_one_call_and_stand_beside_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = RECIPE.replace('use = "ddpm",', 'use = "ddpm", class_conditional = true,')
    made = run_by_command(tmp_path, told.replace("frames = 3", 'guidance = { use = "classifier-free" }'))
    for keys, labels in (([], [0, 1, 2, 3, 4]), (["-s", "sampler.guidance.classes=[3, 8]"], [3, 8, 3, 8, 3])):
        assert main(["sample", str(made), "-n", "5", "--out", str(tmp_path / "draws.npz"), *keys]) == 0
        with np.load(tmp_path / "draws.npz") as arrays:
            assert arrays["labels"].tolist() == labels
    capsys.readouterr()
    assert main(["sample", str(made), "-s", "sampler.guidance.classes=[10]"]) == 3
    assert "sampler.guidance.classes must be of 0 to 9, got [10]" in capsys.readouterr().err


def test_test_images_are_reconstructed_beside_themselves(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--out", str(tmp_path / "digits.png"), "--out", str(tmp_path / "digits.npz")]
    assert main(["reconstruct", str(run), "-n", "4", "--between", "3", *files]) == 0
    assert capsys.readouterr().out.splitlines() == files[1::2]
    with np.load(tmp_path / "digits.npz") as arrays:
        assert arrays["latents"].shape == arrays["x"].shape == (4, 1, 8, 8)
        assert arrays["between"].shape == (2, 3, 1, 8, 8)
    assert main(["reconstruct", str(run), "-s", "sampler.eta=0.5"]) == 2
    assert "sampler.eta must be 0" in capsys.readouterr().err
