"""What the posterior says of the shared latents and of each observation, of the run's data or of others."""

import csv
from pathlib import Path
from typing import Any

import pytest
import torch
from toy import ToyPosterior, toy_assembly

from genlab.assembly import Assembly, assemble
from genlab.errors import DataError, UsageError
from genlab.interfaces import Draws
from genlab.ledger import Ledger
from genlab.parts.elbo.trace import Trace
from genlab.recipe import Recipe
from genlab.run import evaluate, fit, observations, other_data, per_example, save_draws, shared_latents

ROWS = "height,weight\n1.0,10\n2.0,11\n8.0,30\n9.0,31\n1.5,\n8.5,30.5\n"


def table(folder: Path, name: str = "people.csv", text: str = ROWS) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def mixture(path: Path, noise: str = "known") -> Assembly:
    tables = {
        "name": "people",
        "data": {"use": "table", "path": str(path), "split": [1.0, 0.0, 0.0]},
        "model": {
            "use": "gaussian-mixture",
            "components": 2,
            "mean_loc": [5.0, 20.0],
            "mean_scale": 10.0,
            "noise": {"use": noise, "scale": 1.0},
        },
        "family": {"use": "mean-field"},
        "elbo": {"use": "closed-form"},
        "update": {"use": "coordinate-ascent"},
        "train": {"steps": 30},
        "accelerator": {"use": "cpu"},
    }
    assembly = assemble(Recipe.from_tables(tables))
    fit(assembly)
    return assembly


def test_observations_come_with_the_columns_they_had(tmp_path: Path) -> None:
    assembly = mixture(table(tmp_path))
    (found,) = observations(assembly, assembly.data.train)
    assert list(found) == ["height", "weight", "component", "responsibilities", "log_predictive_nats"]
    small = found["height"] < 5
    assert len(set(found["component"][small].tolist())) == len(set(found["component"][~small].tolist())) == 1
    torch.testing.assert_close(found["responsibilities"].sum(1), torch.ones(6))


def test_the_predictive_density_is_one(tmp_path: Path) -> None:
    """A density over the plane: its sum over a fine grid is its integral."""
    assembly = mixture(table(tmp_path))
    grid = torch.cartesian_prod(torch.arange(-5, 16, 0.1), torch.arange(0, 41, 0.1))
    log_density = assembly.family.posterior(grid).describe()["log_predictive_nats"]
    assert (log_density.exp().sum() * 0.01).item() == pytest.approx(1, abs=1e-3)


def test_another_file_is_read_in_its_own_order_and_may_lack_values(tmp_path: Path) -> None:
    assembly = mixture(table(tmp_path))
    new = table(tmp_path, "new.csv", "name,weight,height\nann,,9\nbob,10,\n")
    (found,) = observations(assembly, other_data(assembly, new))
    assert found["height"].tolist()[0] == 9
    assert found["component"][0] != found["component"][1]
    assert bool(found["log_predictive_nats"].isfinite().all())


def test_a_kind_of_noise_that_needs_every_value_says_which_row_lacks_one(tmp_path: Path) -> None:
    whole = table(tmp_path, "whole.csv", ROWS.replace("1.5,\n", "1.5,10\n"))
    assembly = mixture(whole, "full")
    new = table(tmp_path, "new.csv", "height,weight\n1,10\n9,\n")
    with pytest.raises(DataError, match="this kind of GaussianMixture, got a missing one in row 2, column 'weight'"):
        list(observations(assembly, other_data(assembly, new)))


def test_another_file_must_have_the_columns(tmp_path: Path) -> None:
    assembly = mixture(table(tmp_path))
    with pytest.raises(DataError, match=r"must name columns of .*got 'weight'"):
        other_data(assembly, table(tmp_path, "new.csv", "height\n1\n"))


def test_shared_latents_have_intervals_that_widen_with_their_probability(tmp_path: Path) -> None:
    assembly = mixture(table(tmp_path))
    narrow, wide = (shared_latents(assembly, interval=each) for each in (0.5, 0.95))
    assert [row.name for row in narrow][:3] == ["weights[0]", "weights[1]", "means[0, height]"]
    assert all(w.low < n.low < n.mean < n.high < w.high for n, w in zip(narrow[2:], wide[2:], strict=True))
    with pytest.raises(UsageError, match="between 0 and 1, got 1"):
        shared_latents(assembly, interval=1.0)


def test_a_posterior_with_nothing_to_say_says_so() -> None:
    assembly = toy_assembly()
    with pytest.raises(UsageError, match="the posterior of ToyFamily must describe observations"):
        next(iter(observations(assembly, assembly.data.test)))


def test_a_missing_value_is_an_error_for_a_model_that_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ToyPosterior, "describe", lambda posterior: {"mean": posterior.mean})
    assembly = toy_assembly()
    split = assembly.data.test
    split.x[11] = float("nan")
    with pytest.raises(DataError, match="for model ToyModel, got a missing one in row 12"):
        list(observations(assembly, split))


def test_the_bound_of_each_example_averages_to_that_of_the_split() -> None:
    assembly = toy_assembly()
    batches = list(per_example(assembly))
    found = torch.cat([batch["elbo_local_nats"] for batch in batches])
    assert found.shape == (20,)
    assert found.mean().item() == pytest.approx(evaluate(assembly).metrics["elbo_nats"], rel=1e-6)
    terms = torch.cat([batch["term.likelihood_nats"] + batch["term.prior_nats"] for batch in batches])
    entropy = torch.cat([batch["term.entropy_nats"] for batch in batches])
    torch.testing.assert_close(found, terms + entropy)


def test_what_an_estimate_tells_of_each_example_stands_beside_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Trace.estimate

    def measured(self: Trace, *parts: Any, generator: torch.Generator) -> Ledger:
        first = torch.rand(len(parts[2].x), generator=generator)
        ledger = plain(self, *parts, generator=generator)
        return Ledger(ledger.terms, measures={"effective": first})

    monkeypatch.setattr(Trace, "estimate", measured)
    assembly = toy_assembly()
    found = torch.cat([batch["effective"] for batch in per_example(assembly)])
    assert found.shape == (20,)
    assert found.mean().item() == pytest.approx(evaluate(assembly).metrics["effective"], rel=1e-6)


def test_draws_of_columns_go_to_a_csv_under_their_names(tmp_path: Path) -> None:
    assembly = mixture(table(tmp_path))
    save_draws(Draws(torch.tensor([[1.0, 2.0]])), assembly.data.spec, tmp_path / "draws.csv")
    with (tmp_path / "draws.csv").open() as file:
        assert list(csv.reader(file)) == [["height", "weight"], ["1.0", "2.0"]]
