"""The pages on divergences: a picture for every property, and no family missing from the table."""

import importlib
import re
from types import ModuleType

import pytest
from markdown_page import ROOT

pytest.importorskip("sphinx", reason="the documentation's extensions need the extra 'docs'")


@pytest.fixture(scope="module", autouse=True)
def extensions():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "docs" / "_extensions"))
        yield


def extension(name: str) -> ModuleType:
    return importlib.import_module(name)


def test_every_picture_is_on_the_page_and_can_be_drawn():
    pictures = extension("divergence_pictures")
    page = (ROOT / "docs" / "theory" / "divergences.md").read_text(encoding="utf-8")
    assert re.findall(r"\{divergence-picture\} (\S+)", page) == list(pictures.PICTURES)
    for name in pictures.PICTURES:
        (axes,) = pictures.picture(name).axes
        assert axes.has_data()
        assert axes.get_xlabel()


def test_every_registered_family_has_an_example():
    table = extension("divergence_table")
    missing = [one.__name__ for one in table.registered_types() if not any(isinstance(e, one) for e in table.EXAMPLES)]
    assert missing == []


def test_the_table_says_what_the_library_knows():
    rows = extension("divergence_table").table_text().splitlines()
    cells = {
        row.split("|")[1].strip(): [cell.strip() for cell in row.split("|")[2:-1]]
        for row in reversed(rows)
        if "|" in row
    }
    assert cells["`Normal`"] == ["yes", "", "yes", "yes", "yes", "yes"]
    assert cells["`Categorical`"] == ["yes", "yes", "yes", "yes", "yes", ""]
    assert cells["`Pareto`"] == cells["`Gumbel`"] == ["yes", "", "", "", "", ""]
