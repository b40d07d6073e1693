import importlib.util
import re
import tomllib

from markdown_page import ROOT

from genlab.discovery import Registry
from genlab.recipe import Recipe
from genlab.testing import run_checks
from genlab.testing.kit import with_the_kit

PAGE = (ROOT / "docs" / "reference" / "reference-models.md").read_text(encoding="utf-8")


def test_the_page_s_setting_passes() -> None:
    (setting,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    report = run_checks("elbo/trace", recipes=[Recipe.from_tables(tomllib.loads(setting))])
    assert report.passed
    assert [result.outcome for result in report.results if result.check == "bound_is_below_the_evidence"] == ["passed"]


def test_the_page_lists_every_component_of_the_kit() -> None:
    spec = importlib.util.spec_from_file_location("pages", ROOT / "docs" / "_extensions" / "generated_pages.py")
    assert spec is not None
    assert spec.loader is not None
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    text = pages.reference_components_text()
    names = [component.name for component in with_the_kit(Registry([])).components()]
    assert len(names) > 12
    assert [name for name in names if name not in text] == []
