"""`genlab components`, `plugins` and `env`: what is installed."""

import itertools
import json


def test_components_are_listed_with_their_provider(genlab):
    rows = [line.split() for line in genlab("components").out.splitlines()]
    assert ["model", "toy", "a", "normal", "mean", "toy", "(genlab-toy)"] in rows


def test_the_components_of_one_slot_stand_alone(genlab):
    assert {row["slot"] for row in json.loads(genlab("components", "sampler", "--json").out)} == {"sampler"}


def test_the_components_of_a_slot_stand_together(genlab):
    slots = [row["slot"] for row in json.loads(genlab("components", "--json").out)]
    changes = sum(before != after for before, after in itertools.pairwise(slots))
    assert changes == len(set(slots)) - 1


def test_a_component_shows_its_keys(genlab):
    text = genlab("components", "update/gradient").out
    row = next(line for line in text.splitlines() if line.startswith("lr "))
    assert "number" in row
    assert "greater than 0" in row


def test_the_keys_are_a_document_too(genlab):
    document = json.loads(genlab("components", "elbo/trace", "--json").out)
    assert document["target"] == "genlab.parts.elbo.trace:Trace"
    assert document["keys"][0]["key"] == "samples"
    assert document["keys"][0]["constraint"] == "at least 1"


def test_a_component_without_keys_says_so(genlab):
    assert "It takes no keys." in genlab("components", "model/toy").out


def test_the_tables_that_name_no_component_are_listed_and_show_their_keys(genlab):
    rows = [line.split() for line in genlab("components").out.splitlines()]
    assert ["train", "how", "long"] in [row[:3] for row in rows]
    assert "how many steps of the update rule." in genlab("components", "train").out
    document = json.loads(genlab("components", "eval", "--json").out)
    assert [key["key"] for key in document["keys"]] == ["elbo", "batch_size", "max_examples", "repeats", "features"]


def test_the_keys_of_a_whole_slot_can_be_listed(genlab):
    out = genlab("components", "accelerator", "--keys").out
    assert [out.count(f"accelerator/{name}  ") for name in ("auto", "cpu", "cuda")] == [1, 1, 1]
    assert out.count("precision ") >= 3
    documents = json.loads(genlab("components", "accelerator", "--keys", "--json").out)
    assert all(document["keys"] for document in documents)


def test_the_keys_of_everything_can_be_listed(genlab):
    documents = json.loads(genlab("components", "--keys", "--json").out)
    assert {"model", "train", "eval"} <= {document["slot"] for document in documents}


def test_an_unknown_slot_and_an_unknown_component_are_4(genlab):
    assert "Did you mean 'model'?" in genlab("components", "modle").err
    assert genlab("components", "modle").code == 4
    assert "Did you mean 'toy'?" in genlab("components", "model/tooy").err
    assert genlab("components", "model/tooy").code == 4


def test_plugins_are_listed_with_their_state(genlab):
    listed = {plugin["name"]: plugin for plugin in json.loads(genlab("plugins", "--json").out)}
    assert listed["toy"].pop("load_seconds") >= 0
    assert listed["toy"] == {
        "name": "toy",
        "distribution": "genlab-toy",
        "version": "1.0",
        "status": "ok",
        "reason": "",
        "components": 5,
        "slow_because": "",
        "file": None,
        "sha256": "",
        "shared_names": [],
    }
    assert listed["core"]["distribution"] == "genlab"


def test_a_broken_plugin_is_a_row_here(genlab, broken_plugin):
    outcome = genlab("plugins")
    assert outcome.code == 0
    assert "no_such_module_of_genlab_broken" in outcome.out
    assert outcome.err == ""


def test_a_broken_plugin_is_one_warning_elsewhere_and_harms_nobody(genlab, broken_plugin, toy_toml):
    outcome = genlab("validate", "toy.toml")
    assert outcome.code == 0
    assert outcome.err.count("\n") == 1
    assert outcome.err.startswith("warning: plugin 'broken' of genlab-broken 1.0 is not in use")


def test_a_blocked_plugin_is_listed_as_blocked(genlab):
    listed = json.loads(genlab("--block", "toy", "plugins", "--json").out)
    assert [plugin["status"] for plugin in listed if plugin["name"] == "toy"] == ["blocked"]


def test_names_that_plugins_share_are_listed(genlab, workdir):
    assert "shared names" not in genlab("plugins").out
    (workdir / "mine.py").write_text(
        "from genlab.plugin import Component, hookimpl\n"
        "@hookimpl\n"
        "def genlab_components():\n"
        "    yield Component('sampler', 'toy', 'toy:ToySampler', 'another')\n"
    )
    lines = genlab("plugins", "--plugin-file", "mine.py").out.splitlines()
    assert lines[lines.index("shared names") + 1 :] == ["sampler/toy: toy (genlab-toy), mine (mine.py)"]
    documents = json.loads(genlab("plugins", "--plugin-file", "mine.py", "--json").out)
    assert {one["name"]: one["shared_names"] for one in documents} == {
        "core": [],
        "toy": ["sampler/toy"],
        "mine": ["sampler/toy"],
    }


def test_the_environment_has_versions_devices_variables_and_what_plugins_add(genlab, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", "/data")
    document = json.loads(genlab("env", "--json").out)
    assert document["versions"]["torch"]
    assert document["cpu"]["torch_threads"] >= 1
    assert document["variables"]["GENLAB_DATA"] == "/data"
    assert document["from_plugins"] == {"toy fact": "42"}


def test_a_person_reads_the_same(genlab):
    lines = {line.split("  ")[0]: line for line in genlab("env").out.splitlines()}
    assert lines["from plugins: toy fact"].split() == ["from", "plugins:", "toy", "fact", "42"]
    assert "versions: torch" in lines
