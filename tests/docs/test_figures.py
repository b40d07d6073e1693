"""The scripts that draw the documentation's figures still run."""

import importlib.util
import sys
from types import ModuleType

import pytest
from markdown_page import ROOT


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "_figures" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_the_coverage_of_intervals_is_poor_where_components_overlap_and_good_where_they_do_not() -> None:
    coverage = script("mixture_coverage").coverage
    assert max(coverage(1.5, 12)) < 0.75
    assert coverage(6.0, 25) == pytest.approx((0.9, 0.9), abs=0.1)
