"""`genlab score`: a run's draws beside what real data score."""

import json

import pytest


@pytest.fixture
def toy_run(genlab, toy_toml):
    return genlab("run", "toy.toml", "-q").out.strip()


def test_its_document_has_the_same_numbers_of_draws_and_of_data(genlab, toy_run):
    outcome = genlab("score", toy_run, "-n", "30", "--json")
    assert outcome.code == 0
    document = json.loads(outcome.out)
    assert document.keys() == {
        *("metrics", "baseline", "protocol", "num_draws", "num_reference", "num_baseline", "sampling_seconds")
    }
    assert document["metrics"].keys() == document["baseline"].keys()
    assert (document["num_draws"], document["num_reference"]) == (30, 20)


def test_a_person_reads_a_table_and_the_protocol(genlab, toy_run):
    lines = genlab("score", toy_run, "-n", "30").out.splitlines()
    assert lines[0].split() == ["metric", "draws", "std.", "error", "training", "data", "std.", "error"]
    assert any(line.startswith("recall_pca1_k3 ") for line in lines)
    assert any(line.startswith("protocol  30 draws of ToySampler") for line in lines)


def test_features_are_chosen_by_their_name_and_their_keys(genlab, toy_run):
    document = json.loads(genlab("score", toy_run, "-n", "30", "--features", "raw", "--json").out)
    assert "frechet_distance_raw" in document["metrics"]
    keys = ("--features", "pca", "-s", "eval.features.examples=20")
    protocol = json.loads(genlab("score", toy_run, "-n", "30", *keys, "--json").out)["protocol"]
    assert "principal components of 20 training observations" in protocol


def test_unknown_features_are_named_with_those_there_are(genlab, toy_run):
    outcome = genlab("score", toy_run, "--features", "pac")
    assert outcome.code == 4
    assert "Did you mean 'pca'?" in outcome.err


def test_too_few_draws_are_1_and_one_message(genlab, toy_run):
    outcome = genlab("score", toy_run, "-n", "2")
    assert outcome.code == 1
    assert outcome.err.splitlines() == ["a score must compare at least 4 draws, got 2. Use more."]


SHIFTED = """
import math
import torch
from genlab.interfaces import Draws, Sampler
from genlab.plugin import Component, hookimpl

@hookimpl
def genlab_components():
    yield Component("sampler", "shifted", f"{__name__}:Shifted", "the marginal, moved")

class Shifted(Sampler):
    def __init__(self, *, shift: float = 0.0, scale: float = 1.0) -> None:
        \"\"\"Make one.

        Args:
            shift: how far.
            scale: how wide.
        \"\"\"
        self.shift, self.scale = shift, scale

    def draw(self, model, num_draws, *, generator, trajectory=False):
        if self.shift == 9:
            raise KeyboardInterrupt
        noise = torch.randn((num_draws, 1), generator=generator)
        return Draws(self.shift + self.scale * math.sqrt(2) * noise)
"""


@pytest.fixture
def shifted(workdir):
    (workdir / "shifted.py").write_text(SHIFTED)
    return ("--plugin-file", "shifted.py")


def test_each_value_of_a_key_has_a_row_and_the_distance_grows_with_the_shift(genlab, toy_run, shifted):
    keys = ("-s", "sampler.use=shifted", "--each", "sampler.shift=0,1,4", "--features", "raw")
    outcome = genlab(*shifted, "score", toy_run, "-n", "40", *keys, "--json")
    assert outcome.code == 0, outcome.err
    scores = json.loads(outcome.out)["scores"]
    assert [score["choice"] for score in scores] == [{"sampler.shift": shift} for shift in (0, 1, 4)]
    distances = [score["metrics"]["frechet_distance_raw"] for score in scores]
    assert distances == sorted(distances)
    assert all(score["baseline"] == scores[0]["baseline"] for score in scores)
    lines = outcome.err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["shift 0", "shift 1", "shift 4"]


def test_a_choice_scores_as_it_does_alone(genlab, toy_run, shifted):
    keys = ("-s", "sampler.use=shifted", "--features", "raw", "-n", "40", "--json")
    many = json.loads(genlab(*shifted, "score", toy_run, *keys, "--each", "sampler.shift=0,1").out)["scores"][1]
    alone = json.loads(genlab(*shifted, "score", toy_run, *keys, "-s", "sampler.shift=1").out)
    for name in ("metrics", "baseline", "protocol"):
        assert many[name] == alone[name]


def test_samplers_are_combined_with_the_keys_that_each_takes(genlab, toy_run, shifted):
    each = ("--each", "sampler.shift=0,1", "--each", "sampler.use=toy,shifted", "--each", "sampler.scale=1,2")
    outcome = genlab(*shifted, "score", toy_run, "-n", "30", *each)
    assert outcome.code == 0, outcome.err
    lines = [line.split() for line in outcome.out.splitlines()]
    assert lines[0][:4] == ["sampler", "shift", "scale", "frechet"]
    assert [line[:3] for line in lines[2:7]] == [
        ["toy", "-", "-"],
        *(["shifted", shift, scale] for shift in "01" for scale in "12"),
    ]
    assert lines[7][:2] == ["training", "data"]
    protocol = next(line for line in lines if line[:1] == ["protocol"])
    assert " ".join(protocol).startswith(
        "protocol 30 draws of each and 30 training observations, each against 20 of the"
    )


def test_the_scores_before_an_interruption_are_not_lost(genlab, toy_run, shifted):
    keys = ("-s", "sampler.use=shifted", "--each", "sampler.shift=1,9,2")
    outcome = genlab(*shifted, "score", toy_run, "-n", "30", *keys)
    assert outcome.code == 130
    assert [line.split()[0] for line in outcome.out.splitlines()[2:4]] == ["1", "training"]
    assert genlab(*shifted, "score", toy_run, "-n", "30", *keys, "--json").out == ""


@pytest.mark.parametrize(
    ("each", "code", "said"),
    [
        ("model.shift=1,2", 2, "--each must be of a key of the sampler, such as sampler.steps, got 'model.shift'"),
        ("sampler=toy", 2, "--each must be of a key of the sampler"),
        ("sampler.shift", 2, "--each must be KEY=VALUE,VALUE"),
        ("sampler.shfit=1,2", 3, "Did you mean 'shift'?"),
        ("sampler.shift=1,wide", 3, "sampler.shift: must be a number, got 'wide'"),
        ("sampler.use=shifted,shiftd", 4, "Did you mean 'shifted'?"),
    ],
)
def test_a_wrong_choice_is_told_before_anything_is_drawn(genlab, toy_run, shifted, each, code, said):
    keys = ("-s", "sampler.use=shifted") if "use" not in each else ()
    outcome = genlab(*shifted, "score", toy_run, "-n", "30", *keys, "--each", each)
    assert outcome.code == code
    assert said in outcome.err
    assert "frechet" not in outcome.err
