"""The scripts that draw the documentation's figures still run."""

import importlib.util
import json
import sys
from pathlib import Path
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


def test_the_curve_of_a_bound_against_time_has_a_point_for_each_validation(tmp_path: Path) -> None:
    lines = [
        {"elapsed_seconds": 60.0, "elbo_nats": -95.0},
        {"elapsed_seconds": 120.0, "elbo_nats": -93.0, "validation_elbo_nats": -92.0},
        {"elapsed_seconds": 240.0, "elbo_nats": -91.0, "validation_elbo_nats": -90.0},
    ]
    (tmp_path / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    figures = script("evidence_against_time")
    assert figures.curve(tmp_path) == ([2.0, 4.0], [-92.0, -90.0])
    (axes,) = figures.picture(tmp_path, -89.5).axes
    assert [line.get_ydata()[-1] for line in axes.lines[:2]] == [-90.0, -89.5]
