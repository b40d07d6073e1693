import warnings
from pathlib import Path

import pytest
import torch
from genlab.assembly import assemble
from genlab.errors import GenlabWarning
from genlab.recipe import read_recipe
from genlab.run import run
from sklearn.decomposition import FactorAnalysis

import genlab_factor_analysis

FOLDER = Path(genlab_factor_analysis.__file__).parent / "recipes"
RECIPES = sorted(FOLDER.glob("*.toml"))


def test_the_recipe_reaches_the_bound_of_scikit_learn(tmp_path: Path) -> None:
    recipe = read_recipe(FOLDER / "factor-analysis.toml", ["accelerator.use=cpu", "update.tolerance=1e-9"])
    data = assemble(recipe).data
    train, test = (
        next(iter(split.batches([torch.arange(len(split))], torch.Generator()))).x.double().numpy()
        for split in (data.train, data.test)
    )
    expected = FactorAnalysis(n_components=2, tol=1e-8, svd_method="lapack").fit(train).score(test)
    result = run(recipe, out=tmp_path)
    assert result.status == "converged"
    assert result.metrics["test_elbo_nats"] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.stem)
def test_a_recipe_runs_and_draws_its_figures(recipe: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GenlabWarning)
        result = run(read_recipe(recipe, ["train.steps=3", "accelerator.use=cpu"]), out=tmp_path)
    assert result.step == 3
    assert {path.name for path in (result.folder / "figures").iterdir()} >= {"bound-curve.png", "factor-loadings.png"}
