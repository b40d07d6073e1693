"""The core's data sources that read files keep the laws of data, on files made for the test."""

from pathlib import Path
from typing import Any

import cifar_file
import numpy as np
import pytest
from idx_file import idx_bytes
from PIL import Image
from reference_recipes import LINEAR_GAUSSIAN, reference_registry

from genlab.recipe import Recipe
from genlab.testing import run_checks

RNG = np.random.default_rng(0)


def images(folder: Path) -> dict[str, Any]:
    for number in range(24):
        kind = folder / "pictures" / ("cats" if number % 2 else "ants")
        kind.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RNG.integers(0, 256, (4, 6, 3), dtype=np.uint8)).save(kind / f"{number}.png")
    return {"use": "images", "path": str(folder / "pictures"), "size": 4, "split": [0.5, 0.25, 0.25]}


def streamed_images(folder: Path) -> dict[str, Any]:
    return images(folder) | {"in_memory": False, "workers": 0}


def array(folder: Path) -> dict[str, Any]:
    np.save(folder / "rows.npy", RNG.normal(size=(40, 2)))
    return {"use": "array", "path": str(folder / "rows.npy"), "batch_size": 4}


def mnist(folder: Path) -> dict[str, Any]:
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, count in (("train", 30), ("t10k", 10)):
        for what, values in (
            ("images-idx3", RNG.integers(0, 256, (count, 28, 28), dtype=np.uint8)),
            ("labels-idx1", RNG.integers(0, 10, count, dtype=np.uint8)),
        ):
            (raw / f"{name}-{what}-ubyte").write_bytes(idx_bytes(values))
    return {"use": "mnist", "root": str(folder), "validation": 10, "batch_size": 4}


def cifar10(folder: Path) -> dict[str, Any]:
    cifar_file.write_noise(folder, per_file=4)
    return {"use": "cifar10", "root": str(folder), "validation": 5, "batch_size": 4}


def mirrored_cifar10(folder: Path) -> dict[str, Any]:
    return cifar10(folder) | {"random_flips": True}


@pytest.mark.parametrize(
    "source", [images, streamed_images, array, mnist, cifar10, mirrored_cifar10], ids=lambda source: source.__name__
)
def test_a_source_of_files_keeps_the_laws(source: Any, tmp_path: Path) -> None:
    tables = LINEAR_GAUSSIAN | {
        "name": "files",
        "data": source(tmp_path),
        "update": {"use": "gradient"},
        "train": {"steps": 4},
        "accelerator": {"use": "cpu", "precision": "float32"},
    }
    name = f"data/{tables['data']['use']}"
    report = run_checks(name, registry=reference_registry(), recipes=[Recipe.from_tables(tables)])
    assert report.passed, report.failures
    assert report.counts["passed"] >= 8
