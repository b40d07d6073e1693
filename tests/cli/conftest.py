"""The command line in a folder of its own, with the core and a toy plugin installed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import tomli_w
from toy import TOY_RECIPE

from genlab.cli.main import main

ROOT = Path(__file__).parents[2]

TOY_PLUGIN = """
from pathlib import Path
from genlab.plugin import Component, hookimpl

@hookimpl
def genlab_components():
    yield Component("data", "toy", "toy:ToySource", "normal numbers")
    yield Component("model", "toy", "toy:ToyModel", "a normal mean")
    yield Component("family", "toy", "toy:RecipeFamily", "a normal posterior")
    yield Component("sampler", "toy", "toy:ToySampler", "the exact marginal")
    yield Component("sampler", "toy-both-ways", "toy:ToyBothWays", "the marginal to one decimal, both ways")

@hookimpl
def genlab_recipes():
    return [Path(__file__).parent / "toy-recipes"]

@hookimpl
def genlab_environment():
    return {"toy fact": "42"}
"""


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


def _install(site: Path, distribution: str, **plugins: str) -> None:
    """Write the metadata by which an installed distribution is found."""
    folder = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    entries = [f"{name} = {module}" for name, module in plugins.items()]
    (folder / "entry_points.txt").write_text("\n".join(["[genlab]", *entries, ""]))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that, first on the path, makes the core and the toy the only plugins of genlab and toys."""
    folder = tmp_path_factory.mktemp("site")
    _install(folder, "genlab", core="genlab.parts.plugin")
    _install(folder, "genlab-toy", toy="installed_toy_plugin")
    (folder / "installed_toy_plugin.py").write_text(TOY_PLUGIN)
    recipes = folder / "toy-recipes"
    recipes.mkdir()
    (recipes / "toy-shipped.toml").write_text("# A toy that ships\n" + tomli_w.dumps(TOY_RECIPE))
    return folder


@pytest.fixture
def broken_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Install a plugin whose module is not there, and return its name."""
    folder = tmp_path / "broken-site"
    folder.mkdir()
    _install(folder, "genlab-broken", broken="no_such_module_of_genlab_broken")
    monkeypatch.syspath_prepend(folder)
    return "broken"


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def toy_toml(workdir: Path) -> Path:
    """The toy's recipe as the file `toy.toml` in the working directory."""
    path = workdir / "toy.toml"
    path.write_text("# A toy\n" + tomli_w.dumps(TOY_RECIPE))
    return path


@pytest.fixture
def genlab(
    site: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Run a command line in this process."""
    monkeypatch.syspath_prepend(site)
    monkeypatch.delenv("GENLAB_BLOCK", raising=False)

    def call(*argv: str) -> Outcome:
        capsys.readouterr()
        code = main(argv)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture
def environment(site: Path) -> dict[str, str]:
    """The environment of a process that sees what `site` installs."""
    path = [site, ROOT, ROOT / "plugins", ROOT / "tests"]
    kept = {name: value for name, value in os.environ.items() if name != "GENLAB_BLOCK"}
    return kept | {"PYTHONPATH": os.pathsep.join(map(str, path)), "OMP_NUM_THREADS": "1"}


@pytest.fixture
def python(environment: dict[str, str], workdir: Path) -> Callable[[str], str]:
    """Run a program in a new interpreter and return what it prints."""

    def call(program: str) -> str:
        finished = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            cwd=workdir,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    return call


@pytest.fixture
def interrupted(environment: dict[str, str], workdir: Path) -> Iterator[Callable[..., Outcome]]:
    """Run a command line in a new process and send it a signal once its run has begun."""
    processes = []

    def call(number: signal.Signals, *argv: str) -> Outcome:
        process = subprocess.Popen(
            [sys.executable, "-m", "genlab.cli", *argv],
            env=environment,
            cwd=workdir,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        deadline = time.monotonic() + 60
        while not list(workdir.glob("runs/*/*/metrics.jsonl")) and process.poll() is None:
            assert time.monotonic() < deadline, "the run did not begin"
            time.sleep(0.05)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        return Outcome(process.returncode, out, err)

    yield call
    for process in processes:
        if process.poll() is None:
            process.kill()
