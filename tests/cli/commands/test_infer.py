"""`genlab infer`, and the other commands that write columns."""

import csv
import json
import re
from pathlib import Path

import pytest
from toy import TOY_RECIPE, ToyPosterior

from genlab.cli.main import main


@pytest.fixture(scope="module")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one run of a mixture."""
    folder = tmp_path_factory.mktemp("work")
    overrides = ["-s", "data.num_customers=300", "-s", "accelerator.use=cpu"]
    assert main(["run", "mixture", "-q", "--out", str(folder / "runs"), *overrides]) == 0
    (run,) = (folder / "runs").glob("*/*")
    return run


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_shared_latents_are_listed_beside_the_truth(mixture, capsys):
    capsys.readouterr()
    assert main(["infer", str(mixture), "--json", "--interval", "0.9"]) == 0
    document = json.loads(capsys.readouterr().out)
    means = [row for row in document["latents"] if row["name"].startswith("means")]
    assert sorted(row["true"] for row in means) == [20, 50, 90]
    assert all(abs(row["mean"] - row["true"]) < 5 and row["low"] < row["mean"] < row["high"] for row in means)
    assert document["observations"]["columns"] == {
        "x": [],
        "component": [],
        "responsibilities": [3],
        "log_predictive_nats": [],
    }


def test_a_person_sees_a_table_and_the_first_observations(mixture, capsys):
    capsys.readouterr()
    assert main(["infer", str(mixture)]) == 0
    captured = capsys.readouterr()
    assert captured.out.split()[:7] == ["latent", "mean", "std.", "dev.", "2.5%", "97.5%", "true"]
    assert "responsibilities[0]" in captured.out
    assert "30 observations in all; --out FILE writes them." in captured.err


def test_a_run_without_test_data_ends_with_what_works_there_and_with_what_there_is_to_know(tmp_path, capsys):
    data = ["-s", "data.num_customers=8", "-s", "data.split=[1,0,0]", "-s", "model.components=12"]
    prior = ["-s", "model.concentration=0.01", "-s", "update={use='natural-gradient'}", "-s", "train.steps=30"]
    assert main(["run", "mixture", "--out", str(tmp_path), *data, *prior, "-s", "accelerator.use=cpu"]) == 0
    captured = capsys.readouterr()
    run = captured.out.strip()
    lines = dict(line.split("  ", 1) for line in captured.err.splitlines() if "  genlab " in line)
    assert {name: line.strip() for name, line in lines.items()} == {
        "evaluate": f"genlab eval {run} --split train",
        "infer": f"genlab infer {run}",
        "sample": f"genlab sample {run} -n 64",
    }
    assert "of 12 components hold less than one observation" in captured.err
    assert main(["infer", run]) == 0
    assert "8 observations in all" in capsys.readouterr().err
    assert main(["eval", run]) == 1
    assert "Evaluate another with --split" in capsys.readouterr().err


def test_a_missing_value_is_a_dash_on_the_screen(tmp_path, capsys):
    (tmp_path / "rows.csv").write_text("a,b\n1,\n2,3\n3,4\n")
    data = ["-s", f"data={{use='table', path='{tmp_path / 'rows.csv'}', split=[1, 0, 0]}}"]
    arguments = ["-q", "--out", str(tmp_path), *data, "-s", "model.components=1", "-s", "accelerator.use=cpu"]
    assert main(["run", "mixture", *arguments]) == 0
    run = capsys.readouterr().out.strip()
    assert main(["infer", run]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^\d +1\.000 +- +0", printed, re.MULTILINE)
    assert "means[0, b]" in printed


def test_every_observation_goes_to_the_file(mixture, capsys, tmp_path):
    path = tmp_path / "out.csv"
    assert main(["infer", str(mixture), "--split", "train", "--out", str(path)]) == 0
    found = rows(path)
    assert len(found) == 240
    assert all(abs(sum(float(row[f"responsibilities[{k}]"]) for k in range(3)) - 1) < 1e-5 for row in found)
    assert str(path) in capsys.readouterr().out


def test_data_that_are_simulated_have_no_other_file(mixture, capsys, tmp_path):
    (tmp_path / "new.csv").write_text("x\n1\n")
    assert main(["infer", str(mixture), "--data", str(tmp_path / "new.csv")]) == 2
    assert "data 'customers' must be read from files" in capsys.readouterr().err


def test_a_wrong_ending_is_said_before_anything_is_read(genlab):
    assert genlab("infer", "no-run", "--out", "out.txt").code == 2
    assert genlab("eval", "no-run", "--per-example", "out.txt").code == 2


def test_a_family_with_nothing_to_say_is_a_usage_error(genlab, toy_toml):
    run = genlab("run", "toy.toml", "-q").out.strip()
    outcome = genlab("infer", run)
    assert outcome.code == 2
    assert "has nothing to say of them" in outcome.err


def test_eval_writes_the_bound_of_each_example(genlab, toy_toml, workdir):
    run = genlab("run", "toy.toml", "-q").out.strip()
    outcome = genlab("eval", run, "--per-example", "bounds.csv", "--json")
    found = rows(workdir / "bounds.csv")
    assert list(found[0]) == ["elbo_local_nats", "term.likelihood_nats", "term.prior_nats", "term.entropy_nats"]
    mean = sum(float(row["elbo_local_nats"]) for row in found) / len(found)
    assert mean == pytest.approx(json.loads(outcome.out)["metrics"]["elbo_nats"], rel=1e-5)


def test_draws_of_columns_can_be_a_csv(mixture, tmp_path):
    assert main(["sample", str(mixture), "-n", "7", "--out", str(tmp_path / "draws.csv")]) == 0
    assert len(rows(tmp_path / "draws.csv")) == 7


def test_what_a_posterior_says_is_shown_without_shared_latents(genlab, toy_toml, monkeypatch):
    monkeypatch.setattr(ToyPosterior, "describe", lambda posterior: {"mean": posterior.mean})
    run = genlab("run", "toy.toml", "-q").out.strip()
    outcome = genlab("infer", run)
    assert outcome.code == 0
    assert outcome.out.split()[:2] == ["x", "mean[0]"]
    assert TOY_RECIPE["name"] in run
