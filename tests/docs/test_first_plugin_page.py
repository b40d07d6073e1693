"""The tutorial of the first plugin: what it changes works, and what it says fails does."""

import ast
import sys
from pathlib import Path

import pytest
from markdown_page import ROOT, blocks
from plugin_project import run, visible

from genlab.scaffold import write_plugin

PAGE = ROOT / "docs" / "tutorials" / "first-plugin.md"
LOG_JOINT, DRAW, TESTS = blocks(PAGE, "python")


def without_method(code: str, method: str, put: str = "") -> str:
    """Return a module in which a method is replaced by other code, or taken away."""
    lines = code.splitlines(keepends=True)
    (node,) = (one for one in ast.walk(ast.parse(code)) if isinstance(one, ast.FunctionDef) and one.name == method)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return "".join(lines[: first - 1]) + put + "".join(lines[node.end_lineno :])


def replace(project: Path, block: str) -> None:
    """Put a block of the page, headed by `# file: method`, where the method was."""
    heading, _, code = block.partition("\n")
    file, _, method = heading.removeprefix("# ").partition(": ")
    path = project / file
    path.write_text(without_method(path.read_text(encoding="utf-8"), method, code), encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The new plugin with the page's change of the model."""
    folder = write_plugin("leaf-size", tmp_path_factory.mktemp("projects"))
    replace(folder, LOG_JOINT)
    model = folder / "genlab_leaf_size" / "model.py"
    torch_import = "from torch import Tensor, nn\n"
    added = f"{torch_import}from torch.nn.functional import logsigmoid\n"
    model.write_text(model.read_text(encoding="utf-8").replace(torch_import, added), encoding="utf-8")
    return folder


def test_the_changed_model_fails_the_check_on_the_page(project: Path, tmp_path: Path) -> None:
    program = "import sys; from genlab.cli.main import main; sys.exit(main(['check', 'model/leaf-size']) != 1)"
    said = run([sys.executable, "-c", program], tmp_path, visible(project, tmp_path))
    shown = blocks(PAGE, "text")[-1]
    assert shown in said


def test_the_plugin_at_the_end_of_the_page_passes_its_tests(project: Path, tmp_path: Path) -> None:
    model = project / "genlab_leaf_size" / "model.py"
    model.write_text(without_method(model.read_text(encoding="utf-8"), "log_evidence"), encoding="utf-8")
    replace(project, DRAW)
    (project / "tests" / "test_model.py").write_text(TESTS.partition("\n")[2], encoding="utf-8")
    summary = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], project, visible(project, tmp_path))
    assert "the model does not know its evidence" in summary
