"""Choosing K: of several numbers of components, the one the data were simulated with has the best bound."""

import math
from pathlib import Path

import pytest

from genlab.recipe import read_recipe
from genlab.run import RunFolder, run


def test_the_true_number_of_components_is_picked(tmp_path: Path) -> None:
    overrides = ["model.components={from=2, to=4}", "data.num_customers=1000", "accelerator.use=cpu"]
    result = run(read_recipe("mixture", overrides), out=tmp_path)
    record = RunFolder(result.folder).record()
    assert record["picked"] == "components-3"
    rows = {row["values"]["model.components"]: row for row in record["candidates"]}
    assert rows[4]["log_symmetries_nats"] == pytest.approx(math.log(24))
    assert rows[3]["elbo_total_nats_se"] == 0
