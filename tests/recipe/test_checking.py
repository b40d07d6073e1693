import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recipe_toys import (
    Cosine,
    Dense,
    Layered,
    LayeredSampler,
    Linear,
    NamesakePlugin,
    Plain,
    PlainSampler,
    Toy,
    ToyPlugin,
    toy_registry,
    toy_tables,
)

from genlab.errors import ComponentError, RecipeError
from genlab.interfaces import EvalSettings, Part, TrainSettings
from genlab.parts.elbo.trace import Trace
from genlab.recipe import CheckedRecipe, Recipe, check, read_recipe

REGISTRY = toy_registry()
FILE = """\
name = "toy"
[data]
use = "points"
[model]
use = "layered"
network = { use = "dense" }
[family]
use = "toy"
[elbo]
use = "trace"
[update]
use = "gradient"
[train]
steps = 5
"""


def checked(**changes: Any) -> CheckedRecipe:
    return check(Recipe.from_tables(toy_tables(**changes)), REGISTRY)


def fault(**changes: Any) -> str:
    with pytest.raises((RecipeError, ComponentError)) as raised:
        checked(**changes)
    title, *lines = str(raised.value).splitlines()
    assert title == "recipe: 1 problem"
    return lines[0].removeprefix("  recipe: ")


def layered(**keys: Any) -> dict[str, Any]:
    return {"use": "layered", "network": {"use": "dense"}, **keys}


def test_a_checked_recipe_holds_the_parts_it_names() -> None:
    recipe = checked(seed=4, model=layered(network={"use": "dense", "channels": [8]}), eval={"elbo": {"use": "trace"}})
    assert (recipe.name, recipe.seed, recipe.title) == ("toy", 4, "recipe")
    assert recipe.parts["model"] == Part(Layered, {"network": Part(Dense, {"channels": (8,)})})
    assert recipe.train == TrainSettings(steps=5)
    assert recipe.eval == EvalSettings(elbo=Part(Trace))
    assert "sampler" not in recipe.parts


def test_the_accelerator_is_auto_unless_the_recipe_says_otherwise() -> None:
    assert checked(accelerator=None).resolved["accelerator"]["use"] == "auto"
    assert checked(accelerator={"precision": "float32"}).resolved["accelerator"]["use"] == "auto"


def test_keys_without_use_change_a_default_part() -> None:
    assert checked(model=layered(schedule={"steps": 7})).parts["model"].keys["schedule"] == Part(
        Cosine, {"shift": 0.5, "steps": 7}
    )
    assert checked(model=layered(schedule={"use": "cosine", "steps": 7})).parts["model"].keys["schedule"] == Part(
        Cosine, {"steps": 7}
    )
    assert checked(model=layered(schedule={"use": "linear", "first": 0})).parts["model"].keys["schedule"] == Part(
        Linear, {"first": 0.0}
    )


def test_defaults_of_all_depths_are_filled_in() -> None:
    resolved = checked().resolved
    assert resolved["model"] == {
        "use": "layered",
        "network": {"use": "dense", "channels": [4, 4]},
        "schedule": {"use": "cosine", "shift": 0.5, "steps": 10},
    }
    assert resolved["data"] == {"use": "points", "batch_size": 16, "files": []}
    assert resolved["eval"] == {"batch_size": 500, "repeats": 2}
    assert (resolved["name"], resolved["seed"]) == ("toy", 0)


def test_relative_paths_are_relative_to_the_file_that_wrote_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bases").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "bases" / "base.toml").write_text(FILE.replace('"points"', '"points"\nroot = "r"'))
    (tmp_path / "a.toml").write_text('extends = "bases/base.toml"\n[data]\nfiles = ["f", "/g"]\n')
    monkeypatch.chdir(tmp_path / "work")
    keys = check(read_recipe(tmp_path / "a.toml"), REGISTRY).parts["data"].keys
    assert keys == {"root": tmp_path / "bases" / "r", "files": (tmp_path / "f", Path("/g"))}
    keys = check(read_recipe(tmp_path / "a.toml", ["data.root=x"]), REGISTRY).parts["data"].keys
    assert keys["root"] == tmp_path / "work" / "x"


positive = st.integers(1, 99)
cosines = st.fixed_dictionaries({}, optional={"use": st.just("cosine"), "shift": st.floats(0, 1), "steps": positive})
linears = st.fixed_dictionaries({"use": st.just("linear"), "first": st.floats(0, 1)}, optional={"last": st.just(1)})
models = st.fixed_dictionaries(
    {
        "use": st.just("layered"),
        "network": st.fixed_dictionaries({"use": st.just("dense")}, optional={"channels": st.lists(positive)}),
    },
    optional={"schedule": cosines | linears},
)
data = st.fixed_dictionaries(
    {"use": st.just("points")}, optional={"root": st.just("r"), "files": st.lists(st.sampled_from(["a", "../b"]))}
)


@given(model=models, data=data)
def test_a_resolved_recipe_resolves_to_itself_and_gives_the_same_parts(
    model: dict[str, Any], data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = checked(model=model, data=data, eval={"elbo": {"use": "trace"}})
    path = tmp_path_factory.mktemp("resolved") / "resolved.toml"
    path.write_text(first.resolved_toml())
    second = check(read_recipe(path), REGISTRY)
    assert second.resolved == first.resolved
    assert second.resolved_toml() == first.resolved_toml()
    assert (second.train, second.name, second.seed) == (first.train, first.name, first.seed)
    for key, value in first.parts["model"].keys.items():
        assert second.parts["model"].keys[key].keys.items() >= value.keys.items()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": None}, "name: must be given: the run's name."),
        (
            {"name": "../up"},
            "name: must be a folder name of at most 100 letters, digits, '-', '_' and '.', "
            "starting with a letter or digit, got '../up'.",
        ),
        ({"seed": -1}, "seed: must be at least 0, got -1."),
        ({"seed": True}, "seed: must be a whole number, got true."),
        ({"extends": "a.toml"}, "extends: must stand in a recipe file."),
        (
            {"samplr": {"use": "toy"}},
            "samplr: unknown table; a recipe takes 'name', 'seed', 'extends', 'data', 'model', 'family', 'elbo', "
            "'update', 'sampler', 'accelerator', 'train', 'eval'. Did you mean 'sampler'?",
        ),
        ({"family": None}, "family: must be given: a table with 'use'. Installed: 'toy', 'for-layered'."),
        ({"family": {}}, "family: must name its component with 'use'. Installed: 'toy', 'for-layered'."),
        ({"family": "toy"}, "family: must be a table, got 'toy'. Write family.use = 'toy'."),
        ({"family": {"use": 3}}, "family.use: must be the name of a component, got 3."),
        ({"train": None}, "train: must be given: a table with 'steps'."),
        ({"train": 5}, "train: must be a table, got 5."),
        ({"train": {}}, "train.steps: must be given; it has no default."),
        ({"train": {"steps": 0}}, "train.steps: must be at least 1, got 0."),
        (
            {"eval": {"use": "trace"}},
            "eval.use: unknown key; eval takes 'elbo', 'batch_size', 'max_examples', 'repeats', 'features'.",
        ),
        (
            {"data": {"use": "points", "batch_sise": 3}},
            "data.batch_sise: unknown key; points takes 'batch_size', 'root', 'files'. Did you mean 'batch_size'?",
        ),
        ({"model": {"use": "plain", "width": 3}}, "model.width: unknown key; plain takes no keys."),
        ({"model": {"use": "layered"}}, "model.network: must be given; it has no default."),
        ({"model": layered(network="dense")}, "model.network: must be a table, got 'dense'. Write model.network.use"),
        (
            {"model": layered(network={"channels": [3]})},
            "model.network: must name its component with 'use'. Installed: 'dense'.",
        ),
        (
            {"model": layered(network={"use": "dense", "channels": [3, 0]})},
            "model.network.channels: item 2 must be at least 1, got 0.",
        ),
        (
            {"model": layered(schedule={"shfit": 3})},
            "model.schedule.shfit: unknown key; model.schedule takes 'shift', 'steps'. Did you mean 'shift'?",
        ),
        ({"model": layered(schedule={"use": "linear"})}, "model.schedule.first: must be given; it has no default."),
    ],
)
def test_every_fault_is_explained(changes: dict[str, Any], message: str) -> None:
    assert fault(**changes).startswith(message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"family": {"use": "toi"}},
            "family.use: there is no family 'toi'; installed: 'toy', 'for-layered'. Did you mean 'toy'?",
        ),
        ({"model": {"use": "gone"}}, "model.use: model 'gone' of toys cannot be imported from recipe_toys:Gone: "),
        ({"model": {"use": "takes-anything"}}, "model: recipe_toys:TakesAnything must take injected parts before '/'"),
        (
            {"model": layered(schedule={"use": "no-schedule"})},
            "model.schedule.use: schedule 'no-schedule' must be a Schedule, got the class Dense.",
        ),
    ],
)
def test_an_unusable_component_is_an_error_of_its_own_kind(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ComponentError):
        checked(**changes)
    assert fault(**changes).startswith(message)


def test_faults_are_reported_together_in_the_order_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = (
        FILE.replace('"toy"\n[elbo]', '"tox"\n[elbo]').replace("steps = 5", "step = 5").replace('use = "gradient"', "")
    )
    Path("a.toml").write_text(wrong)
    with pytest.raises(RecipeError) as raised:
        check(read_recipe("a.toml", ["data.batch_size=0"]), REGISTRY)
    assert [(fault.origin, fault.key) for fault in raised.value.faults] == [
        ("-s data.batch_size=0", "data.batch_size"),
        ("a.toml:8", "family.use"),
        ("a.toml:11", "update"),
        ("a.toml:13", "train.steps"),
        ("a.toml:14", "train.step"),
    ]


def test_a_fault_in_an_extended_file_names_that_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("base.toml").write_text(FILE.replace("steps = 5", "steps = 0"))
    Path("a.toml").write_text('extends = "base.toml"\nname = "a"\n')
    with pytest.raises(RecipeError) as raised:
        check(read_recipe("a.toml"), REGISTRY)
    assert str(raised.value) == "a.toml: 1 problem\n  base.toml:14: train.steps: must be at least 1, got 0."


def test_a_component_of_two_distributions_is_a_fault_only_where_it_is_used() -> None:
    registry = toy_registry(**{"other-toys:again": ToyPlugin()})
    with pytest.raises(ComponentError, match="is offered by other-toys and by toys"):
        check(Recipe.from_tables(toy_tables()), registry)
    qualified = {
        slot: {**toy_tables()[slot], "use": f"toys:{toy_tables()[slot]['use']}"} for slot in ("data", "family")
    }
    model = {"use": "toys:layered", "network": {"use": "other-toys:dense"}}
    resolved = check(Recipe.from_tables(toy_tables(model=model, **qualified)), registry).resolved
    assert resolved["family"]["use"] == "toys:toy"
    assert resolved["model"]["schedule"]["use"] == "toys:cosine"


@pytest.mark.parametrize(
    ("model", "expected"),
    [({"use": "layered", "network": {"use": "dense"}}, LayeredSampler), ({"use": "plain"}, PlainSampler)],
)
def test_of_several_components_of_one_name_the_one_that_fits_is_meant(model: dict[str, Any], expected: type) -> None:
    tables = toy_tables(model=model, sampler={"use": "own"})
    checked = check(Recipe.from_tables(tables), toy_registry(**{"toys:namesake": NamesakePlugin()}))
    assert checked.parts["sampler"].target is expected
    assert checked.resolved["sampler"]["use"] == "own"


def test_a_shared_name_is_no_fault_of_its_own_where_other_parts_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PlainSampler, "partners", {"model": Plain, "family": Toy})
    tables = toy_tables(model={"use": "plain"}, family={"use": "for-layered"}, sampler={"use": "own"})
    with pytest.raises(RecipeError) as raised:
        check(Recipe.from_tables(tables), toy_registry(**{"toys:namesake": NamesakePlugin()}))
    assert [fault.key for fault in raised.value.faults] == ["family.use"]


def test_a_default_part_that_no_plugin_offers_keeps_its_keys_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = toy_registry()
    find: Callable[..., Any] = registry.components
    monkeypatch.setattr(registry, "components", lambda slot=None: () if slot == "schedule" else find(slot))
    resolved = check(Recipe.from_tables(toy_tables()), registry).resolved
    assert resolved["model"]["schedule"] == {"shift": 0.5, "steps": 10}
    again = check(Recipe.from_tables(resolved), registry)
    assert again.resolved == resolved


def test_a_resolved_document_keeps_short_arrays_on_one_line_and_reads_back_the_same() -> None:
    tables = toy_tables(
        data={"use": "points", "files": ["/a,]", "/b [\n"]},
        model={"use": "layered", "network": {"use": "dense", "channels": [3, 5]}},
    )
    checked = check(Recipe.from_tables(tables), REGISTRY)
    document = checked.resolved_toml()
    assert "channels = [3, 5]\n" in document
    assert tomllib.loads(document) == checked.resolved
