"""The 272 eruptions against what is published of them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from genlab.parts.data.table import Table

ROOT = Path(__file__).parents[1]


def test_the_eruptions_are_the_272_of_old_faithful() -> None:
    splits = Table(path=ROOT / "recipes" / "faithful.csv", split=(1, 0, 0)).load()
    x = next(iter(splits.train.batches([torch.arange(272)], torch.Generator()))).x.double().numpy()
    assert len(splits.train) == 272
    assert x.mean(0) == pytest.approx([3.487783, 70.89706], rel=1e-6)
    assert x.std(0, ddof=1) == pytest.approx([1.141371, 13.59497], rel=1e-6)
    assert np.corrcoef(x.T)[0, 1] == pytest.approx(0.9008112, rel=1e-6)
