"""Every shipped recipe: it says what it shows, it is valid, and it runs."""

import functools
import gzip
import math
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from markdown_page import ROOT
from PIL import Image

from genlab.discovery import Registry, discover
from genlab.recipe import check, read_recipe
from genlab.run import evaluate, run

RECIPES = sorted((ROOT / "recipes").glob("*.toml"))
REAL_DATA = {"mnist": "MNIST/raw", "fashion-mnist": "FashionMNIST/raw"}


def named(recipe: Path) -> str:
    return recipe.stem


@pytest.fixture(scope="module")
def registry() -> Registry:
    return discover()


@pytest.fixture(scope="module")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the real data, where there are any."""
    given = os.environ.get("GENLAB_TEST_DATA")
    if not given:
        pytest.skip("GENLAB_TEST_DATA names no folder of real data")
    root = tmp_path_factory.mktemp("data")
    for folder in REAL_DATA.values():
        (root / folder).mkdir(parents=True)
        for packed in (Path(given) / folder).glob("*.gz"):
            (root / folder / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    return root


@pytest.fixture
def picture_folder(tmp_path: Path) -> Path:
    """Make a folder of pictures of several sizes, as a user has it."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(40):
        pixels = random.integers(0, 256, (36 + number, 48, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def shortened(recipe: Path) -> list[str]:
    """Return overrides that make a recipe small, those keys that it takes."""
    tables = read_recipe(recipe).tables
    overrides = ["train.steps=2", "train.validation_examples=8", "data.batch_size=16", "accelerator.use=cpu"]
    if "num_customers" in tables["data"]:
        overrides.append("data.num_customers=2000")
    if "steps" in tables.get("sampler", {}):
        overrides.append("sampler.steps=4")
    if isinstance(tables["model"].get("components"), dict):
        overrides += ["model.components=[1, 2]", "train.restarts=2"]
    for key in {"samples", "timesteps"} & set(tables.get("eval", {}).get("elbo", {})):
        overrides.append(f"eval.elbo.{key}=4")
    return overrides


def test_there_is_a_recipe_for_each_model() -> None:
    assert {"ddpm", "mixture", "vae"} <= {recipe.stem for recipe in RECIPES}


@pytest.mark.parametrize("recipe", RECIPES, ids=named)
def test_a_recipe_opens_with_what_it_shows(recipe: Path) -> None:
    first = recipe.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    assert len(first.split()) > 4


@pytest.mark.parametrize("recipe", RECIPES, ids=named)
def test_a_recipe_is_valid(recipe: Path, registry: Registry) -> None:
    assert check(read_recipe(recipe), registry).name


@pytest.mark.parametrize("recipe", RECIPES, ids=named)
def test_a_recipe_runs(
    recipe: Path, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    overrides = shortened(recipe)
    source = read_recipe(recipe).tables["data"]["use"]
    if source in REAL_DATA:
        overrides.append(f"data.root={request.getfixturevalue('data_root')}")
    if source == "images":
        overrides.append(f"data.path={request.getfixturevalue('picture_folder')}")
    whole_run = sys.modules["genlab.run.run"]
    monkeypatch.setattr(whole_run, "evaluate", functools.partial(evaluate, max_examples=16))
    monkeypatch.setattr(whole_run, "NUM_SAMPLES", 4)
    with torch.random.fork_rng(devices=[]):
        result = run(read_recipe(recipe, overrides), out=tmp_path, registry=registry)
    assert result.step == 2
    held_out = read_recipe(recipe).tables["data"].get("split", [0, 0, 1])[2] > 0
    assert math.isfinite(result.metrics["test_elbo_nats" if held_out else "elbo_nats"] or math.nan)
    assert {path.name for path in result.folder.iterdir()} >= {"resolved.toml", "metrics.jsonl", "samples", "figures"}
