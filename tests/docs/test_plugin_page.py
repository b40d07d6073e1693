"""The page on writing a plugin: the plugin it shows works."""

import importlib
import tomllib
from pathlib import Path

import pytest
from markdown_page import ROOT, blocks

from genlab.discovery import Registry
from genlab.recipe import Recipe, check

PAGE = ROOT / "docs" / "how-to" / "write-a-plugin.md"
PLUGINS = ("genlab.parts.plugin", "genlab_ddpm.plugin", "genlab_geometric.plugin")
TABLES = {
    "name": "geometric",
    "data": {"use": "digits"},
    "model": {"use": "ddpm", "timesteps": 50, "schedule": {"use": "geometric", "first_snr": 500}},
    "family": {"use": "forward-diffusion"},
    "elbo": {"use": "denoising"},
    "update": {"use": "gradient"},
    "train": {"steps": 1},
}


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    for block in blocks(PAGE, "python"):
        if block.startswith("# genlab_geometric/"):
            file = tmp_path / block.partition("\n")[0].removeprefix("# ")
            file.parent.mkdir(exist_ok=True)
            file.write_text(block, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return Registry.from_plugins({name.partition(".")[0]: importlib.import_module(name) for name in PLUGINS})


def test_the_plugin_on_the_page_makes_a_falling_signal_to_noise_ratio(registry: Registry) -> None:
    schedule = check(Recipe.from_tables(TABLES), registry).parts["model"].keys["schedule"]
    alpha_bar = (1 - schedule(50, None).betas()).cumprod(0)
    snr = alpha_bar / (1 - alpha_bar)
    ratios = snr[1:] / snr[:-1]
    assert snr[0].item() == pytest.approx(500)
    assert snr[-1].item() == pytest.approx(1e-4)
    assert ratios.max().item() == pytest.approx(ratios.min().item())


def test_the_entry_point_on_the_page_names_the_module_on_the_page() -> None:
    (project,) = (tomllib.loads(block) for block in blocks(PAGE, "toml"))
    assert project["project"]["entry-points"]["genlab"] == {"geometric": PLUGINS[-1]}
