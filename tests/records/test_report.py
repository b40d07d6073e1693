import base64
import copy
import json
import re
from html.parser import HTMLParser

import pytest
from PIL import Image, PngImagePlugin

from genlab.errors import RunFolderError, UsageError
from genlab.records import write_report
from genlab.records.report import report

RECORD = {
    "format": 1,
    "name": "toy",
    "status": "finished",
    "reason": "all done",
    "step": 1200,
    "steps": 1200,
    "started": "2026-11-21T18:00:00+00:00",
    "seeds": {"seed": 3, "order": 5231958647509549229},
    "data": {"name": "digits", "event_shape": [1, 8, 8], "levels": 17, "sizes": {"train": 1437, "test": 180}},
    "versions": {"python": "3.11.7", "genlab": "0.1.0"},
    "plugins": [
        {"name": "core", "distribution": "genlab", "version": "0.1.0"},
        {"name": "own", "distribution": "", "version": "", "file": "my parts.py", "sha256": "ab12"},
    ],
    "git": {"commit": "349cc19f", "changed": True},
    "hardware": {"accelerator": "CPU (x86_64), float32", "processes": 2, "cpus": 2},
    "environment": {"toy fact": "42"},
    "command": ["genlab", "run", "toy.toml"],
    "metrics": {"step": 1200, "elapsed_seconds": 75.0},
    "start_from": {"run": "runs/toy/before", "step": 600},
    "can_infer": True,
    "remarks": ["the posterior has collapsed"],
    "test": {
        "metrics": {
            "elbo_nats": -88.7228,
            "elbo_nats_se": 0.012,
            "elbo_nats_data_se": 0.71,
            "bits_per_dim": 1.9312,
            "bits_per_dim_se": 0.0011,
            "rate_nats": 21.5,
            "active_units": 14.0,
        },
        "ledger": [
            {"name": "likelihood", "scope": "local", "nats": -67.2228, "se": 0.012, "exact": False},
            {"name": "kl", "scope": "global", "nats": -21.5, "se": 0.0, "exact": True},
        ],
        "protocol": "test split of digits, 180 examples",
        "num_examples": 180,
        "remarks": ["the posterior has collapsed"],
        "series": {"activity_by_latent": [0.5, 0.25]},
    },
}
CANDIDATES = [
    {
        "label": f"components-{count}",
        "values": {"model.components": count},
        "restart": 1,
        "status": "converged",
        "step": 12,
        "error": "",
        "remarks": [],
        "elbo_total_nats": -800.0 - count,
        "elbo_total_nats_se": 0.0,
        "corrected_nats": -799.0 - count,
    }
    for count in (1, 2)
]
LINES = [
    {
        "step": 600,
        "elbo_nats": -95.0,
        "bits_per_dim": 2.1,
        "examples_per_second": 100.0,
        "peak_memory_bytes": 2**22,
    },
    {"step": 900, "elbo_nats": -91.0, "bits_per_dim": 2.0, "examples_per_second": 300.0, "validation_elbo_nats": -90.5},
    {"step": 1200, "elbo_nats": -90.0, "bits_per_dim": 1.95, "examples_per_second": 200.0, "objective_simple": 0.03125},
]
ELEMENTS_WITHOUT_END = {"img", "meta"}


class Reader(HTMLParser):
    """Reads a page, and refuses one whose elements do not close in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.cells, self.text = [], set(), [], [], ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in ELEMENTS_WITHOUT_END:
            self.open.append(tag)
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.text += data
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1][-1] += data


@pytest.fixture
def folder(tmp_path):
    """The folder of a run that has everything."""
    path = tmp_path / "runs" / "toy" / "20261121T180000Z-ab12cd"
    for part in ("samples", "figures", "checkpoints/1200"):
        (path / part).mkdir(parents=True)
    (path / "run.json").write_text(json.dumps(RECORD))
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))
    (path / "recipe.toml").write_text("# as it was written\nname = 'toy'\n")
    (path / "resolved.toml").write_text("name = 'toy'\n[model]\nuse = 'vae'\n[family]\nuse = 'diagonal'\n")
    (path / "log.txt").write_text("2026-11-21T18:00:00Z started\n2026-11-21T18:02:00Z finished at step 1200\n")
    (path / "checkpoints" / "1200" / "state.json").write_text("{}")
    for name in ("samples/step-1200", "samples/step-900-n-16", "figures/bound-curve"):
        Image.new("L", (6, 4)).save(path / f"{name}.png")
    said = PngImagePlugin.PngInfo()
    said.add_text("Description", "how much each latent tells")
    Image.new("L", (6, 4)).save(path / "figures" / "vae-latents.png", pnginfo=said)
    (path / "samples" / "step-1200.npz").write_bytes(b"")
    return path


def change(folder, **fields):
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record | fields))


def report_of(folder):
    return Reader(write_report(folder).read_text(encoding="utf-8"))


def test_a_report_is_written_into_the_run_folder_and_again_over_itself(folder):
    path = write_report(folder)
    assert path == folder / "report.html"
    first = path.read_text(encoding="utf-8")
    path.write_text("an old one")
    assert write_report(folder).read_text(encoding="utf-8") == first


def test_its_parts_stand_in_order(folder):
    text = report_of(folder).text
    places = [
        text.index(words)
        for words in (
            "1,200 of 1,200",
            "2026-11-21 18:02:00 UTC",
            "The bound on test data",
            "draws at step 1,200",
            "vae latents: how much each latent tells",
            "bound curve",
            "200 examples/s, median",
            "4.0 MiB",
            "# as it was written",
            "with every default",
            "genlab 0.1.0",
            "5231958647509549229",
            "genlab sample",
        )
    ]
    assert places == sorted(places)


def test_the_head_says_what_ran_where_and_for_how_long(folder):
    text = report_of(folder).text
    for words in ("finished", "all done", "1:15", "CPU (x86_64), float32, 2 processes", str(folder), "1,437 train"):
        assert words in text
    assert "model vae, family diagonal" in text
    assert "runs/toy/before at step 600" in text


def test_the_ledger_and_what_was_measured_have_their_errors(folder):
    page = report_of(folder)
    assert ["likelihood", "local", "-67.223", "0.012", "estimated"] in page.cells
    assert ["kl", "global", "-21.500", "", "exact"] in page.cells
    assert ["bound, nats an example", "-88.723", "0.012", "0.71"] in page.cells
    assert ["bits/dim", "1.9312", "0.0011", ""] in page.cells
    assert ["active_units", "14", "", ""] in page.cells
    for words in ("180 examples", "the posterior has collapsed", "divided by the number of examples", "0.50000, 0.25"):
        assert words in page.text


def test_pictures_are_in_the_file_and_numbers_are_in_their_order(folder):
    page = report_of(folder)
    sources = [value for name, value in page.attributes if name == "src"]
    expected = [
        folder / "samples" / "step-900-n-16.png",
        folder / "samples" / "step-1200.png",
        folder / "figures" / "vae-latents.png",
        folder / "figures" / "bound-curve.png",
    ]
    assert [base64.b64decode(source.removeprefix("data:image/png;base64,")) for source in sources] == [
        path.read_bytes() for path in expected
    ]
    captions = [value for name, value in page.attributes if name == "alt"]
    assert captions[:2] == ["16 draws at step 900", "draws at step 1,200"]
    assert "step-1200.npz" in page.text


def test_nothing_is_loaded_from_elsewhere(folder):
    page = report_of(folder)
    assert page.tags.isdisjoint({"script", "link", "iframe", "base", "object"})
    assert {name for name, _ in page.attributes}.isdisjoint({"href", "srcset", "style", "onclick", "onload"})
    assert all(value.startswith("data:") for name, value in page.attributes if name == "src")
    assert not re.search(r"url\(|@import|https?:", (folder / "report.html").read_text(encoding="utf-8"))


def test_the_commands_are_those_the_run_allows(folder):
    text = report_of(folder).text
    files = "--plugin-file 'my parts.py'"
    assert f"torchrun --standalone --nproc-per-node 2 -m genlab run {folder}/resolved.toml {files}" in text
    assert f"genlab eval {folder} {files}" in text
    assert f"genlab infer {folder} {files}" in text
    assert "--resume" not in text
    change(folder, status="interrupted", can_infer=False, plugins=[], hardware={})
    text = report_of(folder).text
    assert f"genlab run --resume {folder}\n" in text
    assert "genlab infer" not in text
    (folder / "checkpoints" / "1200" / "state.json").unlink()
    text = report_of(folder).text
    assert f"genlab run {folder}/resolved.toml" in text
    assert "genlab eval" not in text


def test_whatever_a_run_says_is_text(folder):
    hostile = "</title><script>alert('1')</script><img src=x onerror=\"1\">&amp;\0\x1b\ud800"

    def made_hostile(value):
        if isinstance(value, dict):
            return {f"{hostile}{key}" if key in ("python", "order") else key: made_hostile(value[key]) for key in value}
        if isinstance(value, list):
            return [made_hostile(item) for item in value]
        return hostile if isinstance(value, str) else value

    plain = report_of(folder).tags
    record = made_hostile(RECORD | {"candidates": CANDIDATES, "picked": "x", "error": "x"})
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "recipe.toml").write_text("</code></pre><script>")
    (folder / "log.txt").write_text("</code></pre><script>")
    (folder / "figures" / "<script>.png").write_bytes((folder / "figures" / "vae-latents.png").read_bytes())
    page = report_of(folder)
    assert page.tags == plain
    assert "onerror" not in dict(page.attributes)
    assert "<script>alert('1')</script>" in page.text


def test_candidates_are_listed_with_the_pick(folder):
    change(folder, candidates=CANDIDATES, picked="components-1", picked_because="the largest bound")
    page = report_of(folder)
    assert ["*", "components-1", "-801", "-800", "12", "converged"] in page.cells
    assert ["", "components-2", "-802", "-801", "12", "converged"] in page.cells
    assert "components-1: the largest bound" in page.text


def test_a_run_that_goes_on_is_drawn_from_what_it_has_logged(folder):
    (folder / "figures" / "bound-curve.png").unlink()
    record = {key: RECORD[key] for key in ("format", "name", "started", "steps", "data")}
    (folder / "run.json").write_text(json.dumps(record | {"status": "running", "step": 0}))
    page = report_of(folder)
    assert "running (or ended without a chance to say so)" in page.text
    assert "None yet" in page.text
    assert "svg" in page.tags
    assert "bits/dim, from step 600 to 1,200, between 1.9500 and 2.1000" in page.text


def test_a_run_that_failed_says_why(folder):
    change(folder, status="failed", error="term 'kl' must be finite", test=None)
    text = report_of(folder).text
    assert "term 'kl' must be finite" in text
    assert "None: the run was not evaluated (status: failed)." in text


def test_a_run_without_test_data_says_so(folder):
    change(folder, data={"sizes": {"train": 82, "test": 0}}, test=None)
    text = report_of(folder).text
    assert "None: the data have no test split." in text
    assert "--split train" in text


def test_a_record_alone_is_enough(tmp_path):
    (tmp_path / "run.json").write_text('{"format": 1}')
    text = report_of(tmp_path).text
    assert tmp_path.name in text
    assert "recipe.toml is missing." in text
    assert "Nothing was logged." in text


def test_damaged_files_are_left_out(folder):
    with (folder / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 1300, "elbo_\n[1]\n\xff\n{"step": "x", "elbo_nats": NaN, "bits_per_dim": -1e999}\n')
    (folder / "figures" / "vae-latents.png").write_bytes(b"no picture")
    (folder / "log.txt").write_bytes(b"\xff\xfe")
    (folder / "resolved.toml").write_text("[[")
    text = report_of(folder).text
    assert "3 of metrics.jsonl cannot be read" in text
    assert "vae-latents.png cannot be read." in text


def places(value, above=()):
    """Return where the values of a document are."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above, *(place for key, item in items for place in places(item, (*above, key)))]


@pytest.mark.parametrize("wrong", [None, [], {}, "\0", -1, 2.5, True, [None], {"a": None}], ids=repr)
def test_a_value_of_another_kind_is_no_obstacle(folder, wrong):
    whole = RECORD | {"candidates": CANDIDATES, "picked": "components-1"}
    for place in places(whole)[1:]:
        if place == ("format",):
            continue
        record = copy.deepcopy(whole)
        *above, last = place
        inside = record
        for key in above:
            inside = inside[key]
        inside[last] = wrong
        (folder / "run.json").write_text(json.dumps(record))
        assert "as it was written" in Reader(report(folder)).text, place


@pytest.mark.parametrize("text", [None, "{", "[]", '{"format": 0}', '{"format": 0, "versions": []}'])
def test_without_a_record_there_is_one_message(tmp_path, text):
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises(RunFolderError):
        write_report(tmp_path)
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("name", ["report.pdf", "report", "nowhere/report.html"])
def test_a_file_that_cannot_be_written_is_a_usage_error(folder, tmp_path, name):
    with pytest.raises(UsageError):
        write_report(folder, tmp_path / name)
