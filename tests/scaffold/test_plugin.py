"""The plugin that `genlab new plugin` writes: it is clean, it works, and its own tests pass."""

import os
import re
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest
from markdown_page import ROOT
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from plugin_project import run, visible

from genlab.errors import UsageError
from genlab.scaffold import plugin as scaffold
from genlab.scaffold import write_plugin
from genlab.version import installed_version


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_plugin("leaf-size", tmp_path_factory.mktemp("projects"))


def test_its_tests_pass(project: Path, tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    summary = run(arguments, project, visible(project, tmp_path))
    passed = re.search(r"(\d+) passed", summary)
    assert passed is not None
    assert int(passed[1]) > 25


@pytest.mark.parametrize("name", ["a", "leaf-size", "a-long-name-of-thirty-letters-"[:29]])
def test_it_is_clean_whatever_its_name(name: str, tmp_path: Path) -> None:
    folder = write_plugin(name, tmp_path)
    ruff = [sys.executable, "-m", "ruff"]
    run([*ruff, "check", "--no-cache", "."], folder)
    run([*ruff, "format", "--no-cache", "--check", "."], folder)


def test_nothing_of_the_template_is_left_in_it(tmp_path: Path) -> None:
    files = [path for path in write_plugin("leaf-size", tmp_path).rglob("*") if path.is_file()]
    assert len(files) == len(scaffold._FILES)
    for path in files:
        assert not re.search(r"@[a-z_]+@", str(path))
        assert not re.search(r"@[a-z_]+@", path.read_text(encoding="utf-8")), path


def test_every_template_is_written_somewhere() -> None:
    templates = {path.name.removesuffix(".txt") for path in Path(scaffold.__file__).with_name("plugin_files").iterdir()}
    assert templates == set(scaffold._FILES.values())


def test_its_requirements_admit_the_genlab_that_wrote_it(project: Path) -> None:
    metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirement = Requirement(metadata["dependencies"][0])
    assert requirement.specifier.contains(installed_version(), prereleases=True)
    (wanted,) = re.findall(r'genlab_requires = "(.*)"', (project / "genlab_leaf_size/plugin.py").read_text())
    assert SpecifierSet(wanted).contains(Version(installed_version()).base_version)


@pytest.mark.parametrize(
    ("version", "requirement", "wanted"),
    [("0.3.1", "genlab>=0.3.1", ">=0.3,<0.4"), ("2.1.0", "genlab>=2.1.0", ">=2.1,<3"), ("0+uninstalled", "genlab", "")],
)
def test_a_plugin_requires_versions_with_the_same_interfaces(
    version: str, requirement: str, wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaffold, "installed_version", lambda: version)
    folder = write_plugin("demo", tmp_path)
    metadata = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert metadata["dependencies"][0] == requirement
    assert wanted in (folder / "genlab_demo" / "plugin.py").read_text(encoding="utf-8")


def test_a_prefix_is_not_doubled(tmp_path: Path) -> None:
    assert write_plugin("genlab-demo", tmp_path).name == "genlab-demo"


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("Robust", "robust"), ("my_flow", "my-flow"), ("2d", "d"), ("a--b", "a-b"), ("../up", "up"), ("x" * 31, "x" * 30)],
)
def test_a_name_that_is_none_is_refused_with_one_that_is(name: str, suggestion: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"a plugin's name must be lower case .* Try '{suggestion}'"):
        write_plugin(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["vae", "taken"])
def test_a_name_that_is_taken_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"'{name}' is taken by one that is installed"):
        write_plugin(name, tmp_path, taken={"taken"})


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "genlab-demo").mkdir()
    with pytest.raises(UsageError, match=r"the folder .*genlab-demo must not exist yet, and does"):
        write_plugin("demo", tmp_path)
    assert list((tmp_path / "genlab-demo").iterdir()) == []


@pytest.mark.slow
def test_it_installs_with_pip_into_a_fresh_environment_and_works_there(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    folder = write_plugin("leaf-size", tmp_path)
    venv.create(tmp_path / "venv", with_pip=False)
    python = str(tmp_path / "venv" / "bin" / "python")
    site = run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], tmp_path).strip()
    # What is installed here is visible there too, so that nothing is downloaded.
    here = [ROOT, ROOT / "plugins", sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    (Path(site) / "borrowed.pth").write_text("\n".join(map(str, here)) + "\n", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    run([*pip, "--no-deps", "--no-build-isolation", "--no-index", str(folder)], tmp_path, environment)
    assert (Path(site) / "genlab_leaf_size" / "recipes" / "leaves.csv").is_file()
    genlab = [python, "-m", "genlab.cli"]
    assert "leaf-size" in run([*genlab, "plugins"], tmp_path, environment)
    run([*genlab, "check", "genlab-leaf-size"], tmp_path, environment)
    run([*genlab, "run", "leaf-size", "-q"], tmp_path, environment)
    run([python, "-m", "mypy", "--cache-dir", str(tmp_path / "mypy")], folder, environment)
