"""Every shipped recipe: it says what it shows, it is valid, and it runs."""

import functools
import gzip
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cifar_file
import numpy as np
import pytest
import torch
from idx_file import idx_bytes
from markdown_page import ROOT
from PIL import Image

from genlab.discovery import Registry, discover
from genlab.interfaces import DataSpec
from genlab.recipe import check, read_recipe
from genlab.run import evaluate, run

RECIPES = sorted((ROOT / "recipes").glob("*.toml"))
REAL_DATA = {"mnist": "MNIST/raw", "fashion-mnist": "FashionMNIST/raw"}
WIDE = 128


def named(recipe: Path) -> str:
    return recipe.stem


@pytest.fixture(scope="module")
def registry() -> Registry:
    return discover()


@pytest.fixture(scope="module")
def real_data(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """Unpack the real data, where there are any."""
    given = os.environ.get("GENLAB_TEST_DATA")
    if not given:
        return None
    root = tmp_path_factory.mktemp("data")
    for folder in REAL_DATA.values():
        (root / folder).mkdir(parents=True)
        for packed in (Path(given) / folder).glob("*.gz"):
            (root / folder / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    return root


@pytest.fixture(scope="module")
def stand_in_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a few images of noise in the files' own formats."""
    root, noise = tmp_path_factory.mktemp("stand-in"), np.random.default_rng(0)
    cifar_file.write_noise(root, per_file=8)
    for folder in REAL_DATA.values():
        (root / folder).mkdir(parents=True)
        for name, count in (("train", 40), ("t10k", 16)):
            images = noise.integers(256, size=(count, 28, 28))
            (root / folder / f"{name}-images-idx3-ubyte").write_bytes(idx_bytes(images))
            (root / folder / f"{name}-labels-idx1-ubyte").write_bytes(idx_bytes(np.arange(count) % 10))
    (root / "photographs").mkdir()
    for number in range(40):  # of several sizes, as a user has them
        pixels = noise.integers(256, size=(36 + number, 48, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / "photographs" / f"{number}.png")
    return root


def data_keys(data: str, real_data: Path | None, stand_in_data: Path) -> list[str]:
    """Return overrides by which a data set is found: the real one, where it is there."""
    if data == "images":
        return [f"data.path={stand_in_data / 'photographs'}"]
    if data in REAL_DATA and real_data is not None:
        return [f"data.root={real_data}"]
    return [f"data.root={stand_in_data}", "data.validation=8"] if data in (*REAL_DATA, "cifar10") else []


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
    return overrides + narrow(tables)


def narrow(tables: Mapping[str, Any]) -> list[str]:
    """Return overrides that keep the levels of a wide U-Net and little of its width."""
    channels = tables["model"].get("network", {}).get("channels", ())
    if max(channels, default=0) < WIDE:
        return []
    few = [f"model.network.channels={[8] * len(channels)}", "model.network.groups=4"]
    # the ancestral sampler takes every one of the timesteps, of which the cosine makes any number do
    short = ["model.timesteps=100", "model.schedule={ use = 'cosine' }"]
    return few + (short if tables["sampler"]["use"] == "ancestral" else [])


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
    recipe: Path,
    registry: Registry,
    real_data: Path | None,
    stand_in_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = read_recipe(recipe).tables["data"]["use"]
    overrides = shortened(recipe) + data_keys(data, real_data, stand_in_data)
    whole_run = sys.modules["genlab.run.run"]
    monkeypatch.setattr(whole_run, "evaluate", functools.partial(evaluate, max_examples=16))
    monkeypatch.setattr(whole_run, "NUM_SAMPLES", 4)
    with torch.random.fork_rng(devices=[]):
        result = run(read_recipe(recipe, overrides), out=tmp_path, registry=registry)
    assert result.step == 2
    held_out = read_recipe(recipe).tables["data"].get("split", [0, 0, 1])[2] > 0
    assert math.isfinite(result.metrics["test_elbo_nats" if held_out else "elbo_nats"] or math.nan)
    assert {path.name for path in result.folder.iterdir()} >= {"resolved.toml", "metrics.jsonl", "samples", "figures"}


@pytest.mark.parametrize("recipe", [path for path in RECIPES if "ddpm" in path.stem], ids=named)
def test_a_diffusion_at_its_full_size_ends_in_noise_and_starts_at_the_levels(recipe: Path, registry: Registry) -> None:
    shapes = {"cifar10": (3, 32, 32), "digits": (1, 8, 8)}
    checked = check(read_recipe(recipe), registry)
    data = checked.resolved["data"]["use"]
    spec = DataSpec(data, shapes.get(data, (1, 28, 28)), 1000, 17 if data == "digits" else 256, 10)
    with torch.random.fork_rng(devices=[]):
        checked.parts["model"](spec)  # which warns of a schedule that does not, and warnings are errors


def test_the_network_for_cifar_10_is_the_one_of_the_paper(registry: Registry) -> None:
    checked = check(read_recipe(ROOT / "recipes" / "ddpm-cifar10.toml"), registry)
    with torch.random.fork_rng(devices=[]):
        model = checked.parts["model"](DataSpec("cifar10", (3, 32, 32), 50_000, 256, 10))
    assert sum(parameter.numel() for parameter in model.parameters()) == 35_746_307
    assert model.chain.beta[[0, -1]].tolist() == pytest.approx([1e-4, 0.02])
