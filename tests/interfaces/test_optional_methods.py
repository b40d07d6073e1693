"""What a part may leave out: each optional method has a default that says nothing, or says why it cannot."""

from pathlib import Path

import pytest
import torch
from toy import ToyFamily, ToyModel, ToySource

from genlab.errors import IncompatibleError, UsageError


def test_a_model_without_shared_latents_cannot_adopt_a_posterior() -> None:
    with pytest.raises(IncompatibleError, match="model ToyModel must be able to take a posterior as its prior"):
        ToyModel().adopt_posterior(ToyFamily())


def test_a_source_without_files_opens_none() -> None:
    source = ToySource()
    with pytest.raises(UsageError, match="data 'toy' must be read from files"):
        source.open(Path("other.csv"), source.load().spec)


def test_a_family_has_nothing_to_say_unless_it_does() -> None:
    family = ToyFamily()
    assert family.describe(0.95, {}) == ()
    assert family.posterior(torch.zeros(2, 1)).describe() == {}
