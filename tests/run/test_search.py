"""Candidates: several values of a key, several initialisations, and the best of them kept as the run."""

import json
import math
import signal
import tomllib
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import pytest
import torch
from rich.console import Console
from torch import nn
from toy import TOY_RECIPE, RecipeFamily, ToyModel, ToyPlugin

import genlab.parts.plugin
from genlab.cli.candidate_table import candidate_line
from genlab.cli.closing import closing
from genlab.discovery import Registry
from genlab.errors import CandidatesError, IncompatibleError, RecipeError, RunFolderError
from genlab.interfaces import Batch, Diagnosis
from genlab.interfaces.constraints import Candidates
from genlab.plugin import Component, hookimpl
from genlab.recipe import Recipe
from genlab.run import RunFolder, RunResult, evaluate, open_run, run


class ShiftedModel(ToyModel):
    """The toy with its prior moved: the data are around 0, so the further, the worse."""

    def __init__(self, *, shift: Annotated[float, Candidates()] = 0.0, symmetries: float = 0.0) -> None:
        super().__init__()
        self._shift = shift
        self.log_symmetries = symmetries * shift

    def log_joint(self, x: torch.Tensor, z: torch.Tensor) -> dict[str, torch.Tensor]:
        return super().log_joint(x - self._shift, z)


class RandomFamily(RecipeFamily):
    def __init__(self) -> None:
        super().__init__(slope=float(torch.rand(())))


class Listening:
    def __init__(self) -> None:
        self.finished: list[tuple[str, int, int]] = []
        self.started: list[str] = []

    @hookimpl
    def genlab_components(self) -> Iterable[Component]:
        yield Component("model", "shifted", f"{__name__}:ShiftedModel", "a prior elsewhere")
        yield Component("family", "random", f"{__name__}:RandomFamily", "begins anywhere")

    @hookimpl
    def genlab_run_started(self, run: Any) -> None:
        self.started.append(run.name)

    @hookimpl
    def genlab_candidate_finished(self, candidate: dict[str, Any], number: int, count: int) -> None:
        self.finished.append((candidate["label"], number, count))


def registry(listening: Listening | None = None) -> Registry:
    plugins = {"genlab:core": genlab.parts.plugin, "toy": ToyPlugin(), "more": listening or Listening()}
    return Registry.from_plugins(plugins)


def recipe(shift: Any = (2.0, 0.0, -3.0), *, restarts: int = 1, **model: Any) -> Recipe:
    tables = TOY_RECIPE | {
        "model": {"use": "shifted", "shift": shift, **model},
        "train": {"steps": 10, "log_every": 5, "restarts": restarts},
    }
    return Recipe.from_tables(tables | ({"family": {"use": "random"}} if restarts > 1 else {}))


def record(result: RunResult) -> dict[str, Any]:
    return RunFolder(result.folder).record()


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return run(recipe(), out=tmp_path_factory.mktemp("runs"), registry=registry())


def test_the_candidate_of_the_best_bound_is_kept(result: RunResult) -> None:
    kept = record(result)
    assert kept["picked"] == "shift-0.0"
    assert "nats above shift = 2.0" in kept["picked_because"]
    assert [row["status"] for row in kept["candidates"]] == ["finished"] * 3
    assert (result.status, result.step) == ("finished", 10)


def test_the_row_of_a_candidate_holds_its_bound_on_all_training_data(result: RunResult) -> None:
    opened = open_run(result.folder / "candidates" / "shift-2.0", registry=registry())
    expected = evaluate(opened.assembly, "train").metrics["elbo_nats"]
    row = record(result)["candidates"][0]
    assert expected is not None
    assert row["elbo_total_nats"] == pytest.approx(50 * expected)
    assert row["corrected_nats"] == row["elbo_total_nats"]


def test_bounds_are_compared_with_the_symmetries_a_model_names(tmp_path: Path) -> None:
    result = run(recipe(symmetries=1000.0), out=tmp_path, registry=registry())
    kept = record(result)
    assert kept["picked"] == "shift-2.0"
    assert kept["candidates"][0]["log_symmetries_nats"] == 2000.0
    assert kept["candidates"][0]["corrected_nats"] == kept["candidates"][0]["elbo_total_nats"] + 2000.0


def test_opening_the_run_opens_the_picked_candidate(result: RunResult, tmp_path: Path) -> None:
    opened = open_run(result.folder, registry=registry())
    assert evaluate(opened.assembly).metrics["elbo_nats"] == result.metrics["test_elbo_nats"]
    alone = run(recipe(0.0), out=tmp_path, registry=registry())
    assert alone.metrics["test_elbo_nats"] == result.metrics["test_elbo_nats"]


def test_the_run_folder_keeps_the_list_and_looks_like_any_other(result: RunResult, tmp_path: Path) -> None:
    resolved = tomllib.loads((result.folder / "resolved.toml").read_text())
    assert resolved["model"]["shift"] == [2.0, 0.0, -3.0]
    names = {path.relative_to(result.folder).as_posix() for path in result.folder.rglob("*") if path.is_file()}
    assert {"metrics.jsonl", "samples/step-10.npz", "figures/candidates.png"} <= names
    again = run(Recipe.from_tables(resolved), out=tmp_path / "again", registry=registry())
    corrected = [[row["corrected_nats"] for row in record(each)["candidates"]] for each in (result, again)]
    assert corrected[0] == corrected[1]


def test_restarts_begin_elsewhere_and_the_first_begins_where_a_single_fit_does(tmp_path: Path) -> None:
    result = run(recipe(0.0, restarts=3), out=tmp_path, registry=registry())
    rows = record(result)["candidates"]
    assert [row["label"] for row in rows] == ["restart-1", "restart-2", "restart-3"]
    assert len({row["corrected_nats"] for row in rows}) == 3
    single = Recipe.from_tables(dict(recipe(0.0, restarts=3).tables) | {"train": {"steps": 10, "log_every": 5}})
    alone = open_run(run(single, out=tmp_path, registry=registry()).folder, registry=registry())
    first = open_run(result.folder / "candidates" / "restart-1", registry=registry())
    assert torch.equal(alone.assembly.family.slope, first.assembly.family.slope)


def test_values_and_restarts_multiply(tmp_path: Path) -> None:
    listening = Listening()
    result = run(recipe([0.0, 1.0], restarts=2), out=tmp_path, registry=registry(listening))
    labels = [row["label"] for row in record(result)["candidates"]]
    assert labels == ["shift-0.0-restart-1", "shift-0.0-restart-2", "shift-1.0-restart-1", "shift-1.0-restart-2"]
    assert listening.finished == [(label, number, 4) for number, label in enumerate(labels, start=1)]
    assert listening.started == [f"toy-{label}" for label in labels]


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_candidate_that_fails_is_reported_and_the_others_go_on(tmp_path: Path) -> None:
    result = run(recipe([1e30, 0.0]), out=tmp_path, registry=registry())
    failed, fitted = record(result)["candidates"]
    assert failed["status"] == "failed"
    assert "must be finite" in failed["error"]
    assert failed["corrected_nats"] is None
    assert record(result)["picked"] == fitted["label"]
    assert record(result)["picked_because"] == "the only candidate with a bound"


def test_when_all_candidates_fail_so_does_the_run(tmp_path: Path) -> None:
    with pytest.raises(CandidatesError, match=r"all 2 failed. The first \(shift = 1e\+30\): term"):
        run(recipe([1e30, 2e30]), out=tmp_path, registry=registry())
    (kept,) = tmp_path.glob("*/*/run.json")
    assert json.loads(kept.read_text())["status"] == "failed"


def test_equal_bounds_are_a_tie_that_the_first_wins(tmp_path: Path) -> None:
    result = run(recipe([math.pi, math.pi + 1e-12]), out=tmp_path, registry=registry())
    assert record(result)["picked"] == record(result)["candidates"][0]["label"]
    assert record(result)["picked_because"].startswith("the first of several")


class Interrupting(Listening):
    """Stops the process in a candidate, the second by default, as Ctrl-C does."""

    def __init__(self, number: int = 2) -> None:
        super().__init__()
        self.armed, self.number = True, number

    @hookimpl
    def genlab_step_logged(self, run: Any, metrics: Any) -> None:
        if self.armed and len(self.started) == self.number:
            self.armed = False
            signal.raise_signal(signal.SIGINT)


def test_an_interrupted_search_goes_on_without_fitting_again_what_is_fitted(result: RunResult, tmp_path: Path) -> None:
    interrupting = Interrupting()
    stopped = run(recipe(), out=tmp_path, registry=registry(interrupting))
    assert (stopped.status, stopped.signal) == ("interrupted", 2)
    assert [row["status"] for row in record(stopped)["candidates"]] == ["finished", "interrupted", "running"]
    assert open_run(stopped.folder, registry=registry()).step == 10  # the best so far

    listening = Listening()
    resumed = run(recipe(), resume=stopped.folder, registry=registry(listening))
    assert listening.started == ["toy-shift-0.0", "toy-shift--3.0"]
    assert resumed.metrics["test_elbo_nats"] == result.metrics["test_elbo_nats"]
    assert [row["corrected_nats"] for row in record(resumed)["candidates"]] == [
        row["corrected_nats"] for row in record(result)["candidates"]
    ]


def test_a_search_that_stopped_in_its_first_candidate_says_how_to_go_on(tmp_path: Path) -> None:
    stopped = run(recipe([0.0, 2.0]), out=tmp_path, registry=registry(Interrupting(1)))
    with pytest.raises(RunFolderError, match=r"stopped before its first\. Go on with `genlab run --resume .*`\."):
        open_run(stopped.folder, registry=registry())
    console = Console(file=StringIO(), width=200)
    console.print(closing(stopped, record(stopped)))
    assert "go on" in console.file.getvalue()
    assert "genlab eval" not in console.file.getvalue()


def test_a_time_limit_keeps_the_best_of_what_was_begun(tmp_path: Path) -> None:
    result = run(recipe(), out=tmp_path, registry=registry(), max_time_seconds=0)
    assert (result.status, result.step) == ("time limit", 1)
    assert result.reason == "0 s have passed, 1 of 3 candidates begun"
    assert "test_elbo_nats" in result.metrics
    assert run(recipe(), resume=result.folder, registry=registry()).status == "finished"


def test_a_finished_search_takes_more_restarts(tmp_path: Path) -> None:
    one = run(recipe([0.0, 1.0]), out=tmp_path, registry=registry())
    tables = dict(recipe([0.0, 1.0]).tables) | {"train": {"steps": 12, "log_every": 5}}
    longer = run(Recipe.from_tables(tables), resume=one.folder, registry=registry())
    assert [row["step"] for row in record(longer)["candidates"]] == [12, 12]


class TalkingModel(ShiftedModel):
    def diagnose(self, family: nn.Module, batches: Iterable[Batch], *, generator: torch.Generator) -> Diagnosis:
        return Diagnosis(remarks=(f"shifted by {self._shift:g}",))


class Talking(Listening):
    @hookimpl
    def genlab_components(self) -> Iterable[Component]:
        yield from super().genlab_components()
        yield Component("model", "talking", f"{__name__}:TalkingModel", "has something to say")


def test_a_row_holds_the_remarks_on_its_candidate_and_the_run_those_on_the_picked_one(tmp_path: Path) -> None:
    kept = record(run(recipe([2.0, 0.0], use="talking"), out=tmp_path, registry=registry(Talking())))
    assert [row["remarks"] for row in kept["candidates"]] == [["shifted by 2"], ["shifted by 0"]]
    assert kept["remarks"] == kept["test"]["remarks"] == ["shifted by 0"]
    assert candidate_line(kept["candidates"][0], 1, 2).endswith("finished at step 10 (shifted by 2)")


class PickyModel(ShiftedModel):
    def __init__(self, *, shift: Annotated[float, Candidates()] = 0.0, lowest: float = 0.0) -> None:
        if shift < lowest:
            raise IncompatibleError(f"model.shift must be at least {lowest:g}. Raise it.")
        super().__init__(shift=shift)


class Picky(Listening):
    @hookimpl
    def genlab_components(self) -> Iterable[Component]:
        yield from super().genlab_components()
        yield Component("model", "picky", f"{__name__}:PickyModel", "refuses what is too low")


def test_a_fault_that_all_candidates_share_is_told_once_as_one_of_the_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"1 problem\n.*must be at least 9") as raised:
        run(recipe(use="picky", lowest=9.0, restarts=2), out=tmp_path, registry=registry(Picky()))
    assert raised.value.exit_code == 3
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_one_candidate_leaves_the_others(tmp_path: Path) -> None:
    result = run(recipe(use="picky", lowest=-1.0), out=tmp_path, registry=registry(Picky()))
    assert [row["status"] for row in record(result)["candidates"]] == ["finished", "finished", "failed"]
