"""What the commands make of an autoencoder's run."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from run_by_command import run_by_command

from genlab.cli.main import main

RECIPE = """
name = "tiny"
data = { use = "digits" }
elbo = { use = "reparameterized" }
update = { use = "gradient" }
train = { steps = 3 }
eval = { max_examples = 20, repeats = 1 }
sampler = { use = "ancestral" }
accelerator = { use = "cpu", precision = "float32" }
[model]
use = "vae"
latent_dim = 3
likelihood = { use = "discretized-logistic" }
decoder = { use = "mlp", hidden = [8] }
[family]
use = "diagonal-gaussian"
encoder = { use = "mlp", hidden = [8] }
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_by_command(tmp_path_factory.mktemp("runs"), RECIPE)


def test_reconstructions_stand_below_images_and_err_as_the_evaluation_says(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--out", str(tmp_path / "digits.png"), "--out", str(tmp_path / "digits.npz")]
    assert main(["reconstruct", str(run), "-n", "20", "--json", *files]) == 0
    rmse = json.loads(capsys.readouterr().out)["reconstruction_rmse"]
    assert main(["eval", str(run), "--json"]) == 0
    assert rmse == pytest.approx(json.loads(capsys.readouterr().out)["metrics"]["reconstruction_rmse"], rel=1e-5)
    with np.load(tmp_path / "digits.npz") as arrays:
        assert arrays["latents"].shape == (20, 3)
        assert arrays["reconstructed"].shape == arrays["x"].shape == (20, 1, 8, 8)
    with Image.open(tmp_path / "digits.png") as picture:
        assert picture.size == (10 * 50 - 2, 4 * 50 - 2)


def test_a_way_leads_from_one_image_to_another(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "ways.npz"
    assert main(["reconstruct", str(run), "-n", "4", "--between", "5", "--out", str(path)]) == 0
    with np.load(path) as arrays:
        assert arrays["between"].shape == (2, 5, 1, 8, 8)
        np.testing.assert_allclose(arrays["between"][:, 0], arrays["reconstructed"][::2], rtol=1e-5)
        np.testing.assert_allclose(arrays["between"][:, -1], arrays["reconstructed"][1::2], rtol=1e-5)
