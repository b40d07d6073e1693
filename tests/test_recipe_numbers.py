"""The numbers that the opening comments of the default recipes promise, by running them whole."""

from pathlib import Path

import pytest

from genlab.recipe import read_recipe
from genlab.run import run

RECIPES = Path(__file__).parent.parent / "recipes"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "metric", "worst", "best"),
    [
        ("mixture", "test_elbo_nats", -4.468, -4.466),
        ("vae", "test_bits_per_dim", 1.96, 1.89),
        ("ddpm", "test_bits_per_dim", 1.83, 1.73),
    ],
)
def test_a_default_recipe_reaches_its_number(name: str, metric: str, worst: float, best: float, tmp_path: Path) -> None:
    result = run(read_recipe(RECIPES / f"{name}.toml"), out=tmp_path)
    number = result.metrics[metric]
    assert number is not None
    assert min(worst, best) <= number <= max(worst, best)
