"""The page on editors: its Python works, and its recipe names keys that exist."""

import contextlib
import io
import tomllib
from pathlib import Path

import pytest
from markdown_page import ROOT, blocks

from genlab.cli.main import main

PAGE = ROOT / "docs" / "how-to" / "set-up-your-editor.md"


def test_the_faults_of_a_recipe_are_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recipe, _ = blocks(PAGE, "toml")
    Path("my-recipe.toml").write_text(recipe.replace("batch_size", "batchsize"), encoding="utf-8")
    assert tomllib.loads(recipe)["data"]["use"] == "digits"
    (code,) = blocks(PAGE, "python")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(["schema", "--out", "genlab.schema.json"]) == 0
        exec(compile(code, str(PAGE), "exec"), {})
    faults = printed.getvalue().splitlines()[1:]
    assert "$.data Additional properties are not allowed ('batchsize' was unexpected)" in faults
    assert any("'model' is a required property" in fault for fault in faults)
