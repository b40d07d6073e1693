"""The 82 galaxies against what is published of them."""

import torch
from markdown_page import ROOT

from genlab.parts.data.table import Table


def test_the_galaxies_are_the_82_of_roeder_with_the_corrected_78th() -> None:
    splits = Table(path=ROOT / "recipes" / "galaxies.csv", split=(1, 0, 0)).load()
    batches = splits.train.batches([torch.arange(len(splits.train))], torch.Generator())
    velocity = next(iter(batches)).x.double().flatten().sort().values
    assert splits.spec.columns == ("velocity",)
    assert len(velocity) == 82
    assert (velocity[0], velocity[-1], velocity[77]) == (9172, 34279, 26960)
    # The mean of the copy in R's MASS, whose 78th value is 270 too low.
    assert round((velocity.sum().item() - 270) / 82, 2) == 20828.17
    assert velocity.median() == 20821  # torch takes the lower of the two in the middle
