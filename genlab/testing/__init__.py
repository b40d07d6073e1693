"""The conformance kit: laws that every model, family, estimator, sampler, ... must keep, and what checks them.

    report = genlab.testing.run_checks("model/vae")        # in Python
    $ genlab check model/vae                               # on the command line

    @parametrize_with_checks("my-plugin")                  # one test for each component and each law
    def test_it_keeps_the_laws(subject, check):
        check(subject)

A *check* is one law. A *setting* is a small recipe, and every component it names is a *subject* of the checks of its
slot. It needs the package hypothesis (`pip install 'genlab[test]'`), which nothing else in genlab does.
"""

import importlib
from typing import TYPE_CHECKING, Any

from genlab.testing.check import CannotRun, Check, check

if TYPE_CHECKING:
    from genlab.testing.catalogue import checks
    from genlab.testing.parametrize import parametrize_with_checks
    from genlab.testing.report import CheckReport, CheckResult
    from genlab.testing.running import run_checks
    from genlab.testing.setting import Setting
    from genlab.testing.stand_ins import InMemoryTraining, cpu
    from genlab.testing.subject import Subject

__all__ = [
    "CannotRun",
    "Check",
    "CheckReport",
    "CheckResult",
    "InMemoryTraining",
    "Setting",
    "Subject",
    "check",
    "checks",
    "cpu",
    "parametrize_with_checks",
    "run_checks",
]

_HOME = {
    "checks": "genlab.testing.catalogue",
    "cpu": "genlab.testing.stand_ins",
    "parametrize_with_checks": "genlab.testing.parametrize",
    "CheckReport": "genlab.testing.report",
    "CheckResult": "genlab.testing.report",
    "InMemoryTraining": "genlab.testing.stand_ins",
    "run_checks": "genlab.testing.running",
    "Setting": "genlab.testing.setting",
    "Subject": "genlab.testing.subject",
}


def __getattr__(name: str) -> Any:
    # A plugin's checks import `genlab.testing.check` alone: pytest, and what assembles a recipe, come when asked for.
    if name not in _HOME:
        raise AttributeError(f"module 'genlab.testing' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
