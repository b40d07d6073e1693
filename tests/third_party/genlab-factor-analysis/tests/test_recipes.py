import warnings
from pathlib import Path

import pytest
from genlab.errors import GenlabWarning
from genlab.recipe import read_recipe
from genlab.run import run

import genlab_factor_analysis

RECIPES = sorted((Path(genlab_factor_analysis.__file__).parent / "recipes").glob("*.toml"))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.stem)
def test_a_recipe_runs_and_draws_its_figures(recipe: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GenlabWarning)
        result = run(read_recipe(recipe, ["train.steps=3", "accelerator.use=cpu"]), out=tmp_path)
    assert result.step == 3
    assert {path.name for path in (result.folder / "figures").iterdir()} == {"bound-curve.png", "factor-loadings.png"}
