"""A run that begins where another ended: with its parameters, or with its posterior as the prior."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from toy import TOY_RECIPE, toy_recipe, toy_registry

from genlab.errors import RunFolderError, UsageError
from genlab.recipe import Recipe
from genlab.run import RunFolder, RunResult, evaluate, open_run, run


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return run(toy_recipe(), out=tmp_path_factory.mktemp("runs"), registry=toy_registry())


def table(folder: Path, name: str, rows: list[float]) -> Path:
    path = folder / name
    path.write_text("x\n" + "".join(f"{row}\n" for row in rows))
    return path


def mixture(path: Path, components: Any = 1, noise: str = "known", **train: Any) -> Recipe:
    return Recipe.from_tables(
        {
            "name": "values",
            "data": {"use": "table", "path": str(path), "split": [1.0, 0.0, 0.0]},
            "model": {
                "use": "gaussian-mixture",
                "components": components,
                "mean_scale": 10.0,
                "noise": {"use": noise, "scale": 1.0},
            },
            "family": {"use": "mean-field"},
            "elbo": {"use": "closed-form"},
            "update": {"use": "coordinate-ascent"},
            "train": {"steps": 50, **train},
            "accelerator": {"use": "cpu"},
        }
    )


def bound(result: RunResult) -> float:
    """Return the bound on all training data, at the end."""
    found = evaluate(open_run(result.folder).assembly, "train")
    assert found.metrics["elbo_nats"] is not None
    return found.num_examples * found.metrics["elbo_nats"]


def factors(result: RunResult) -> dict[str, torch.Tensor]:
    return {name: value.detach() for name, value in open_run(result.folder).assembly.family.state_dict().items()}


def test_a_run_begins_with_the_parameters_another_ended_with(toy: RunResult, tmp_path: Path) -> None:
    still = Recipe.from_tables(TOY_RECIPE | {"update": {"use": "gradient", "lr": 1e-30, "ema": 0.9}})
    begun = run(still, out=tmp_path, registry=toy_registry(), start_from=toy.folder, max_time_seconds=0)
    before, after = (open_run(each.folder, registry=toy_registry()) for each in (toy, begun))
    assert after.step == 1
    assert torch.equal(before.assembly.family.slope, after.assembly.family.slope)


def test_the_record_names_the_run_and_the_hash_of_its_checkpoint(toy: RunResult, tmp_path: Path) -> None:
    begun = run(toy_recipe(), out=tmp_path, registry=toy_registry(), start_from=toy.folder)
    origin = RunFolder(begun.folder).record()["start_from"]
    file = toy.folder / "checkpoints" / "20" / "family.safetensors"
    assert (origin["run"], origin["step"]) == (str(toy.folder.resolve()), 20)
    assert origin["sha256"][file.name] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert begun.metrics["test_elbo_nats"] != toy.metrics["test_elbo_nats"]


def test_other_shapes_are_one_clear_error(tmp_path: Path) -> None:
    data = table(tmp_path, "a.csv", [1.0, 2.0, 9.0, 10.0])
    two = run(mixture(data, 2), out=tmp_path)
    with pytest.raises(RunFolderError, match=r"must have the same parameters .* has others: .*size mismatch"):
        run(mixture(data, 3), out=tmp_path, start_from=two.folder)


def test_coordinate_ascent_does_not_take_the_other_runs_convergence(tmp_path: Path) -> None:
    first = run(mixture(table(tmp_path, "a.csv", [1.0, 2.0, 9.0, 10.0] * 9), 2), out=tmp_path)
    new = mixture(table(tmp_path, "b.csv", [-5.0, -4.0, 30.0, 31.0]), 2)
    second = run(new, out=tmp_path, start_from=first.folder)
    alone = run(new, out=tmp_path)
    assert second.step > 1
    assert bound(second) == pytest.approx(bound(alone), abs=2e-3)


@pytest.mark.parametrize("noise", ["known", "learned", "full"])
def test_two_runs_in_a_row_end_where_one_on_all_data_does(tmp_path: Path, noise: str) -> None:
    """With one component q is the exact posterior, so the order of the data cannot matter."""
    rows = [1.0, 2.5, 3.0, 7.0, -2.0, 4.0, 4.5]
    first = run(mixture(table(tmp_path, "a.csv", rows[:3]), noise=noise), out=tmp_path)
    second = run(mixture(table(tmp_path, "b.csv", rows[3:]), noise=noise), out=tmp_path, prior_from=first.folder)
    whole = run(mixture(table(tmp_path, "all.csv", rows), noise=noise), out=tmp_path)
    for name, value in factors(whole).items():
        torch.testing.assert_close(factors(second)[name], value, rtol=1e-4, atol=1e-4)
    assert bound(first) + bound(second) == pytest.approx(bound(whole), abs=1e-3)


def test_a_run_with_a_prior_of_another_resumes_without_it(tmp_path: Path) -> None:
    first = run(mixture(table(tmp_path, "a.csv", [1.0, 2.0, 9.0, 10.0]), 2), out=tmp_path)
    new = mixture(table(tmp_path, "b.csv", [1.5, 8.5, 3.0, 6.0]), 2)
    whole = run(new, out=tmp_path, prior_from=first.folder)
    stopped = run(new, out=tmp_path, prior_from=first.folder, max_time_seconds=0)
    shutil.rmtree(first.folder)
    resumed = run(new, resume=stopped.folder)
    assert bound(resumed) == pytest.approx(bound(whole), rel=1e-9)
    record = json.loads((resumed.folder / "run.json").read_text())
    assert record["prior_from"]["step"] > 0


def test_a_model_that_takes_no_posterior_says_so(toy: RunResult, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="model ToyModel must be able to take a posterior as its prior"):
        run(toy_recipe(), out=tmp_path, registry=toy_registry(), prior_from=toy.folder)
    assert not list(tmp_path.iterdir())


def test_a_run_begins_in_one_way(toy: RunResult, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="got several"):
        run(toy_recipe(), registry=toy_registry(), resume=toy.folder, start_from=toy.folder)
    with pytest.raises(UsageError, match="candidates or restarts must begin by itself"):
        run(toy_recipe(restarts=2), out=tmp_path, registry=toy_registry(), start_from=toy.folder)


def test_a_run_of_other_columns_is_refused(tmp_path: Path) -> None:
    rows = "1,2\n3,4\n5,7\n"
    for name, header in (("old", "a,b"), ("turned", "b,a"), ("more", "c,d")):
        (tmp_path / f"{name}.csv").write_text(f"{header}\n{rows}")
    first = run(mixture(tmp_path / "old.csv"), out=tmp_path / "first")
    for name, said in (
        ("turned", r"got 'b', 'a'\. Set data\.columns = \[\"a\", \"b\"\]\."),
        ("more", "got 'c', 'd'.$"),
    ):
        for begin in ("start_from", "prior_from"):
            with pytest.raises(RunFolderError, match=f"was fitted to 'a', 'b', {said}"):
                run(mixture(tmp_path / f"{name}.csv"), out=tmp_path / "second", **{begin: first.folder})


def test_an_array_has_columns_by_place_and_begins_from_a_table(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("a,b\n1,2\n3,4\n5,7\n")
    first = run(mixture(tmp_path / "old.csv"), out=tmp_path / "first")
    np.save(tmp_path / "new.npy", np.arange(12.0).reshape(6, 2))
    recipe = mixture(tmp_path / "new.npy")
    recipe.tables["data"]["use"] = "array"
    assert run(recipe, out=tmp_path / "second", start_from=first.folder).status == "converged"
