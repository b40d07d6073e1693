import pytest

import genlab


def test_every_public_name_can_be_used() -> None:
    for name in dir(genlab):
        assert getattr(genlab, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'genlab' has no attribute 'asemble'"):
        genlab.asemble  # noqa: B018
