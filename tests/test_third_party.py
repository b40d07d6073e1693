"""A distribution of its own, installed for real, does all that a shipped plugin does."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_page import ROOT

SOURCE = ROOT / "tests" / "third_party" / "genlab-factor-analysis"
PACKAGE = "genlab_factor_analysis"


@dataclass(frozen=True)
class Site:
    """A folder of installed distributions, beside genlab."""

    folder: Path

    def call(self, *command: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a module of this interpreter, with what is installed here on the path."""
        path = os.pathsep.join(map(str, (self.folder, ROOT, ROOT / "plugins")))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GENLAB_", "PYTEST_"))}
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=cwd,
            env=kept
            | {
                "PYTHONPATH": path,
                "OMP_NUM_THREADS": "1",
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def genlab(self, *arguments: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.call("genlab.cli", *arguments, cwd=cwd, code=code)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution as pip installs it, from a copy, so that building leaves nothing in the source tree."""
    folder = tmp_path_factory.mktemp("third-party")
    shutil.copytree(SOURCE, folder / "source", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    offline = ("--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation")
    Site(folder).call("pip", "install", *offline, "--target", str(folder / "site"), "./source", cwd=folder)
    return folder / "site"


@pytest.fixture(scope="module")
def site(installed: Path) -> Site:
    return Site(installed)


def test_it_is_found_by_its_entry_point(site: Site, tmp_path: Path) -> None:
    plugins = json.loads(site.genlab("plugins", "--json", cwd=tmp_path).stdout)
    (found,) = (plugin for plugin in plugins if plugin["distribution"] == "genlab-factor-analysis")
    assert found["status"] == "ok"
    assert (found["name"], found["version"], found["components"]) == ("factor-analysis", "0.1.0", 8)


def test_its_components_are_listed_with_their_keys(site: Site, tmp_path: Path) -> None:
    listed = site.genlab("components", "model/factor-analysis", cwd=tmp_path).stdout
    assert "factors" in listed
    assert "J, how many factors; fewer than x has numbers." in " ".join(listed.split())
    assert "factor-analysis-digits" in site.genlab("recipes", cwd=tmp_path).stdout


def test_its_recipe_reaches_the_optimum_and_the_run_can_be_looked_at(site: Site, tmp_path: Path) -> None:
    run = json.loads(site.genlab("run", "factor-analysis", "--json", cwd=tmp_path).stdout)
    assert run["status"] == "converged"
    folder = tmp_path / run["run"]
    assert {path.stem for path in (folder / "figures").iterdir()} == {"bound-curve", "factor-loadings"}
    assert run["metrics"]["test_elbo_nats"] == pytest.approx(-10.9104, abs=1e-3)
    site.genlab("sample", str(folder), "-n", "5", "--out", "x.npz", cwd=tmp_path)
    assert (tmp_path / "x.npz").exists()


def test_it_keeps_the_laws(site: Site, tmp_path: Path) -> None:
    report = site.genlab("check", "family/exact-gaussian", cwd=tmp_path).stdout
    assert report.startswith("family/exact-gaussian[factors-exact]")
    assert "failed" not in report


@pytest.mark.parametrize(
    ("written", "instead", "reason"),
    [
        ('genlab_requires = ">=0.1"', 'genlab_requires = ">=99"', "it needs genlab >=99, got "),
        ("from pathlib import Path", "import no_such_package", "it needs the package 'no_such_package', which is not"),
    ],
)
def test_where_it_is_broken_one_line_says_so_and_the_rest_works(
    installed: Path, tmp_path: Path, written: str, instead: str, reason: str
) -> None:
    shutil.copytree(installed, tmp_path / "site")
    plugin = tmp_path / "site" / PACKAGE / "plugin.py"
    plugin.write_text(plugin.read_text(encoding="utf-8").replace(written, instead), encoding="utf-8")
    site = Site(tmp_path / "site")
    (warning,) = site.genlab("recipes", cwd=tmp_path).stderr.splitlines()
    assert warning.startswith("warning: plugin 'factor-analysis' of genlab-factor-analysis 0.1.0 is not in use (")
    assert reason in warning


def test_its_own_tests_pass(site: Site, tmp_path: Path) -> None:
    shutil.copytree(SOURCE / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SOURCE / "pyproject.toml", tmp_path)
    done = site.call("pytest", "-q", "-p", "no:cacheprovider", "tests", "--pyargs", PACKAGE, cwd=tmp_path)
    assert " passed" in done.stdout


def test_it_imports_only_what_a_plugin_may() -> None:
    private = ("genlab.cli", "genlab.run", "genlab.assembly", "genlab.recipe", "genlab.discovery", "genlab.parts")
    for module in (SOURCE / "src").rglob("*.py"):
        lines = module.read_text(encoding="utf-8").splitlines()
        imported = [line.split()[1] for line in lines if line.startswith(("import ", "from "))]
        assert not [name for name in imported if name.startswith(private)], module.name
