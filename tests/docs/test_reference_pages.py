"""The reference pages: nothing a program can meet is missing from them."""

import re
from typing import get_args

import pytest
import torch
from markdown_page import ROOT

from genlab import errors
from genlab.interfaces import EvalSettings, TrainSettings
from genlab.recipe import Recipe, describe_keys
from genlab.run import RunFolder, RunResult, run
from genlab.run.progress import Status

REFERENCE = ROOT / "docs" / "reference"
TABLES = {
    "name": "small",
    "data": {"use": "digits"},
    "model": {
        "use": "vae",
        "latent_dim": 2,
        "likelihood": {"use": "discretized-logistic"},
        "decoder": {"use": "mlp", "hidden": [4]},
    },
    "family": {"use": "diagonal-gaussian", "encoder": {"use": "mlp", "hidden": [4]}},
    "elbo": {"use": "reparameterized", "objective": {"use": "beta", "beta": 0.5}},
    "update": {"use": "gradient"},
    "train": {"steps": 2},
    "eval": {"elbo": {"use": "importance-weighted", "samples": 2}},
    "sampler": {"use": "ancestral"},
    "accelerator": {"use": "cpu"},
}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    with torch.random.fork_rng(devices=[]):
        return run(Recipe.from_tables(TABLES), out=tmp_path_factory.mktemp("runs"))


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def general(metric: str) -> str:
    """Return a metric's name as the page writes it, without what is particular to the run."""
    name = re.sub(r"^(test|validation)_|(_data)?_se$", "", metric)
    name = re.sub(r"^term\..*_nats$", "term.<row>_nats", name)
    name = re.sub(r"^objective_.*$", "objective_<name>", name)
    return re.sub(r"_iw\d+(?=_|$)", "_iw<k>", name)


def test_every_metric_is_explained(result: RunResult) -> None:
    names = {general(metric) for metric in result.metrics}
    assert {"term.<row>_nats", "objective_<name>", "log_evidence_iw<k>_nats"} <= names
    assert sorted(name for name in names if f"`{name}`" not in page("metrics.md")) == []


def test_every_file_of_a_run_folder_is_explained(result: RunResult) -> None:
    listed = page("run-folder.md")
    assert [path.name for path in result.folder.iterdir() if f"`{path.name}" not in listed] == []
    assert RunFolder(result.folder).record()["test"]


def test_every_status_is_explained() -> None:
    assert [status for status in get_args(Status) if f"| `{status}` |" not in page("run-folder.md")] == []


def test_every_exit_code_is_explained() -> None:
    codes = {value.exit_code for value in vars(errors).values() if hasattr(value, "exit_code")}
    assert [code for code in codes if f"| {code} |" not in page("command-line.md")] == []


def test_every_environment_variable_is_explained() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "genlab").rglob("*.py"))
    variables = set(re.findall(r"\"(GENLAB_[A-Z]+)\"", sources))
    assert [name for name in variables if f"`{name}`" not in page("command-line.md")] == []


@pytest.mark.parametrize("settings", [TrainSettings, EvalSettings])
def test_every_setting_has_a_line_of_its_own(settings: type) -> None:
    assert [key.key for key in describe_keys(settings) if not key.doc] == []


def test_every_table_of_a_recipe_is_listed() -> None:
    assert [table for table in TABLES if f"`[{table}]`" not in page("recipe.md") and table != "name"] == []


def test_every_benchmark_is_listed() -> None:
    listed = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    scripts = [path.name for path in (ROOT / "tests" / "benchmarks").glob("*.py")]
    assert scripts
    assert [name for name in scripts if f"`{name}`" not in listed] == []
