"""The catalogue of checks, and what third parties may add to it."""

import sys
from types import ModuleType

import pytest

from genlab.discovery import Registry, discover
from genlab.errors import ComponentError
from genlab.plugin import hookimpl
from genlab.testing import check, checks


def test_every_check_has_a_name_of_its_own_and_says_what_it_demands() -> None:
    catalogue = checks(discover())
    names = [one.name for one in catalogue]
    assert sorted(set(names)) == sorted(names)
    assert [one.name for one in catalogue if not one.demands.endswith(".")] == []


class Offers:
    @hookimpl
    def genlab_checks(self) -> list[str]:
        return ["laws_of_a_third_party"]


def test_a_plugin_s_checks_are_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("laws_of_a_third_party")

    @check("schedule")
    def rises(subject: object) -> None:
        """It rises.

        Look at the first step.
        """

    module.rises = rises  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    (found,) = (one for one in checks(Registry.from_plugins({"third": Offers()})) if one.name == "rises")
    assert (found.slots, found.demands, found.reading) == (("schedule",), "It rises.", "Look at the first step.")


def test_a_module_of_checks_that_cannot_be_imported_is_an_error_that_names_it() -> None:
    with pytest.raises(ComponentError, match="'laws_of_a_third_party'"):
        checks(Registry.from_plugins({"third": Offers()}))


def test_a_check_without_a_docstring_is_none() -> None:
    with pytest.raises(ValueError, match="must have a docstring"):

        @check("model")
        def silent(subject: object) -> None:
            pass
