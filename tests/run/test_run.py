import json
import tomllib
from io import StringIO

import pytest
import torch
from matplotlib.figure import Figure as Canvas
from rich.console import Console
from safetensors.torch import load_file
from torch import nn
from toy import TOY_RECIPE, BrokenFigure, RecipeFamily, ToyModel, ToyPlugin, toy_recipe, toy_registry

import genlab.parts.plugin
from genlab.cli.closing import closing
from genlab.discovery import Registry
from genlab.errors import DataError, GenlabWarning, NonFiniteError, RecipeError, RunFolderError, UsageError
from genlab.interfaces import Diagnosis, Figure, FigureContext
from genlab.plugin import Component, hookimpl
from genlab.recipe import Recipe
from genlab.run import RunFolder, evaluate, open_run, run


@pytest.fixture
def finished(tmp_path):
    return run(toy_recipe(), out=tmp_path, registry=toy_registry())


def tensors(folder, step):
    path = folder / "checkpoints" / str(step)
    return {f"{file.stem}.{k}": v for file in path.glob("*.safetensors") for k, v in load_file(file).items()}


def test_a_run_leaves_everything_the_documentation_lists(finished):
    names = {path.relative_to(finished.folder).as_posix() for path in finished.folder.rglob("*") if path.is_file()}
    assert {
        "recipe.toml",
        "resolved.toml",
        "run.json",
        "metrics.jsonl",
        "log.txt",
        "samples/step-20.npz",
        "figures/bound-curve.png",
        "figures/toy-figure.png",
        "checkpoints/20/family.safetensors",
        "checkpoints/20/state.json",
    } <= names


def test_the_record_says_how_it_ended_and_what_the_test_split_gave(finished):
    record = json.loads((finished.folder / "run.json").read_text())
    assert (record["status"], record["step"]) == ("finished", 20)
    assert record["data"]["sizes"] == {"train": 50, "validation": 10, "test": 20}
    assert record["metrics"]["test_elbo_nats"] == finished.metrics["test_elbo_nats"]
    rows = record["test"]["ledger"]
    assert sum(row["nats"] for row in rows) == pytest.approx(finished.metrics["test_elbo_nats"])


def test_an_opened_run_evaluates_to_the_numbers_the_run_ended_with(finished):
    opened = open_run(finished.folder, registry=toy_registry())
    assert opened.step == 20
    assert evaluate(opened.assembly).metrics["elbo_nats"] == finished.metrics["test_elbo_nats"]


def test_the_resolved_recipe_runs_again_to_the_same_bits(finished, tmp_path):
    tables = tomllib.loads((finished.folder / "resolved.toml").read_text())
    again = run(Recipe.from_tables(tables), out=tmp_path / "again", registry=toy_registry())
    one, two = tensors(finished.folder, 20), tensors(again.folder, 20)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_run_stopped_and_resumed_ends_with_the_bits_of_one_never_stopped(finished, tmp_path):
    stopped = run(toy_recipe(), out=tmp_path / "stopped", registry=toy_registry(), max_time_seconds=0)
    assert (stopped.status, stopped.step) == ("time limit", 1)
    resumed = run(toy_recipe(), resume=stopped.folder, registry=toy_registry())
    assert (resumed.folder, resumed.status, resumed.step) == (stopped.folder, "finished", 20)
    one, two = tensors(finished.folder, 20), tensors(resumed.folder, 20)
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert resumed.metrics["test_elbo_nats"] == finished.metrics["test_elbo_nats"]


def test_a_finished_run_goes_on_when_the_recipe_asks_for_more_steps(finished):
    longer = run(toy_recipe(steps=25), resume=finished.folder, registry=toy_registry())
    assert longer.step == 25
    assert [line["step"] for line in RunFolder(finished.folder).metrics()][-1] == 25
    assert tomllib.loads((finished.folder / "resolved.toml").read_text())["train"]["steps"] == 25


def test_another_recipe_cannot_resume_a_run(finished):
    other = Recipe.from_tables(TOY_RECIPE | {"seed": 4})
    with pytest.raises(RunFolderError, match=r"another seed \(3 before, 4 now\)"):
        run(other, resume=finished.folder, registry=toy_registry())


def test_a_recipe_with_faults_leaves_no_folder(tmp_path):
    with pytest.raises(RecipeError):
        run(toy_recipe(stpes=3), out=tmp_path / "runs", registry=toy_registry())
    assert not (tmp_path / "runs").exists()


def test_an_override_that_changes_the_parts_cannot_take_the_checkpoint(finished):
    with pytest.raises(RunFolderError, match="must fit the recipe's parts"):
        open_run(finished.folder, ["family.use=wider"], registry=registry_with(Wider()))


class WiderFamily(RecipeFamily):
    def __init__(self) -> None:
        super().__init__()
        self.extra = nn.Linear(2, 2)


class Wider:
    @hookimpl
    def genlab_components(self):
        yield Component("family", "wider", f"{__name__}:WiderFamily", "more parameters than the checkpoint has")


class Drawing:
    @hookimpl
    def genlab_components(self):
        yield Component("figure", "broken", f"toy:{BrokenFigure.__name__}", "fails")


def registry_with(plugin):
    return Registry.from_plugins({"genlab:core": genlab.parts.plugin, "toy": ToyPlugin(), "more": plugin})


def test_a_figure_that_fails_is_a_warning_and_the_run_is_whole(tmp_path):
    with pytest.warns(GenlabWarning, match="figure 'broken' was not drawn"):
        result = run(toy_recipe(), out=tmp_path, registry=registry_with(Drawing()))
    assert result.status == "finished"


def test_a_run_that_fails_is_recorded_as_failed(tmp_path):
    tables = TOY_RECIPE | {"family": {"use": "toy", "slope": 1e30}}
    with pytest.raises(Exception, match="must be finite"):
        run(Recipe.from_tables(tables), out=tmp_path, registry=toy_registry())
    record = next(tmp_path.rglob("run.json"))
    assert json.loads(record.read_text())["status"] == "failed"


def test_data_without_a_test_split_are_fitted_without_a_test_bound(tmp_path):
    tables = TOY_RECIPE | {"data": {"use": "toy", "sizes": [30, 0, 0]}}
    result = run(Recipe.from_tables(tables), out=tmp_path, registry=toy_registry())
    assert not [name for name in result.metrics if name.startswith(("test_", "validation_"))]
    with pytest.raises(DataError):
        evaluate(open_run(result.folder, registry=toy_registry()).assembly)


class Talkative(ToyModel):
    def diagnose(self, family, batches, *, generator):
        return Diagnosis(remarks=(f"{sum(len(batch.x) for batch in batches)} seen",))


class Speech:
    @hookimpl
    def genlab_components(self):
        yield Component("model", "talkative", f"{__name__}:Talkative", "says what it saw")


@pytest.mark.parametrize(("sizes", "said"), [((30, 0, 7), "7 seen"), ((30, 0, 0), "30 seen")])
def test_what_a_model_remarks_is_told_once_at_the_end_with_a_test_split_or_without(tmp_path, sizes, said):
    tables = TOY_RECIPE | {"data": {"use": "toy", "sizes": list(sizes)}, "model": {"use": "talkative"}}
    plugins = {"genlab:core": genlab.parts.plugin, "toy": ToyPlugin(), "more": Speech()}
    result = run(Recipe.from_tables(tables), out=tmp_path, registry=Registry.from_plugins(plugins))
    record = RunFolder(result.folder).record()
    assert record["remarks"] == [said]
    screen = Console(file=StringIO(), width=200)
    screen.print(closing(result, record))
    assert screen.file.getvalue().count(said) == 1


class Unrenderable(Figure):
    def draw(self, context: FigureContext) -> Canvas:
        canvas = Canvas()
        canvas.suptitle(r"$\frac{1$")
        return canvas


class Listening:
    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    @hookimpl
    def genlab_components(self):
        yield Component("figure", "unrenderable", f"{__name__}:Unrenderable", "fails when it is saved")

    @hookimpl
    def genlab_training_finished(self, run, status):
        self.heard.append(("training", json.loads((run.folder.path / "run.json").read_text())["status"]))

    @hookimpl
    def genlab_run_finished(self, run, status):
        record = json.loads((run.folder.path / "run.json").read_text())
        self.heard.append((status, record["status"]))


def test_a_figure_that_cannot_be_saved_is_a_warning_and_hooks_hear_the_end_when_it_is_written(tmp_path):
    listening = Listening()
    with pytest.warns(GenlabWarning, match="figure 'unrenderable' was not drawn"):
        run(toy_recipe(), out=tmp_path, registry=registry_with(listening))
    assert listening.heard == [("training", "running"), ("finished", "finished")]


def test_a_failed_run_tells_its_hooks_too(tmp_path):
    listening = Listening()
    recipe = Recipe.from_tables(TOY_RECIPE | {"family": {"use": "toy", "slope": 1e30}})
    with pytest.raises(NonFiniteError):
        run(recipe, out=tmp_path, registry=registry_with(listening))
    assert listening.heard[-1] == ("failed", "failed")


def test_resuming_a_finished_run_keeps_what_it_logged(finished):
    again = run(toy_recipe(), resume=finished.folder, registry=toy_registry())
    assert again.metrics == finished.metrics
    assert json.loads((finished.folder / "run.json").read_text())["error"] == ""


def test_fewer_steps_than_were_done_are_refused_and_change_nothing(finished):
    before = (finished.folder / "run.json").read_text()
    with pytest.raises(UsageError, match="at least the 20 steps"):
        run(toy_recipe(steps=3), resume=finished.folder, registry=toy_registry())
    assert (finished.folder / "run.json").read_text() == before


def test_what_plugins_know_of_the_environment_is_recorded(tmp_path):
    class Knowing:
        @hookimpl
        def genlab_environment(self):
            return {"cluster": "blue"}

    result = run(toy_recipe(), out=tmp_path, registry=registry_with(Knowing()))
    assert json.loads((result.folder / "run.json").read_text())["environment"] == {"cluster": "blue"}
