"""`genlab run`: what it prints where, what it leaves, and how it ends."""

import io
import json
import re
import signal
from contextlib import nullcontext
from pathlib import Path

import pytest
from rich.console import Console

from genlab.cli.commands import run
from genlab.cli.log_lines import LogLines
from genlab.cli.screen import LiveScreen
from genlab.cli.session import Session


def run_folders(workdir: Path) -> list[Path]:
    return sorted(workdir.glob("runs/toy/*"))


def test_the_run_folder_goes_to_standard_output_and_all_else_to_standard_error(genlab, toy_toml, workdir):
    outcome = genlab("run", "toy.toml")
    assert outcome.code == 0
    assert [workdir / line for line in outcome.out.splitlines()] == run_folders(workdir)
    assert "toy: to step 20 on CPU" in outcome.err
    assert "finished at step 20" in outcome.err


def test_the_end_shows_the_ledger_and_what_to_type_next(genlab, toy_toml):
    text = genlab("run", "toy.toml").err
    assert re.search(r"^likelihood\s+local\s+-\d", text, re.M)
    assert re.search(r"^bound\s+-\d.* nats an example", text, re.M)
    assert "genlab eval runs/toy/" in text
    assert "genlab sample runs/toy/" in text
    assert "genlab infer" not in text, "the toy's posterior has nothing to say"


def test_json_is_one_document_on_standard_output(genlab, toy_toml, workdir):
    outcome = genlab("run", "toy.toml", "--json")
    document = json.loads(outcome.out)
    assert set(document) == {"run", "status", "step", "metrics"}
    assert (document["status"], document["step"]) == ("finished", 20)
    assert workdir / document["run"] == run_folders(workdir)[0]
    assert document["metrics"]["test_elbo_nats"] < 0


def test_quiet_prints_the_run_folder_alone(genlab, toy_toml):
    outcome = genlab("run", "toy.toml", "-q")
    assert outcome.err == ""
    assert outcome.out.startswith("runs/toy/")


def test_runs_are_kept_under_out(genlab, toy_toml, workdir):
    assert genlab("run", "toy.toml", "-q", "--out", "elsewhere").out.startswith("elsewhere/toy/")
    assert not (workdir / "runs").exists()


def test_overrides_change_the_recipe(genlab, toy_toml):
    assert json.loads(genlab("run", "toy.toml", "--json", "-s", "train.steps=7").out)["step"] == 7


def test_a_shipped_recipe_runs_by_its_name(genlab, workdir):
    assert json.loads(genlab("run", "toy-shipped", "--json").out)["status"] == "finished"


@pytest.mark.parametrize(
    ("options", "expected"),
    [((), LiveScreen), (("plain",), LogLines), (("quiet",), nullcontext), (("plain", "quiet"), nullcontext)],
)
def test_a_terminal_has_the_live_screen_unless_told_otherwise(options, expected):
    session = Session(err=Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "xterm"}))
    screen = run._screen(session, **{"plain": False, "quiet": False} | dict.fromkeys(options, True))
    assert type(screen) is expected


def test_a_terminal_that_cannot_move_its_cursor_has_plain_lines():
    session = Session(err=Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "dumb"}))
    assert isinstance(run._screen(session, plain=False, quiet=False), LogLines)


def test_resume_goes_on_with_the_newest_run_of_the_name(genlab, toy_toml, workdir):
    genlab("run", "toy.toml", "-q")
    outcome = genlab("run", "toy.toml", "--resume", "-s", "train.steps=30")
    assert "toy: from step 20 to step 30" in outcome.err
    assert len(run_folders(workdir)) == 1


@pytest.mark.parametrize("which", ["folder", "name"])
def test_resume_needs_no_recipe_where_it_names_a_run(genlab, toy_toml, workdir, which):
    folder = genlab("run", "toy.toml", "-q", "-s", "update.lr=0.02").out.strip()
    toy_toml.unlink()
    outcome = genlab("run", "--resume", folder if which == "folder" else "toy", "-s", "train.steps=30", "--json")
    assert json.loads(outcome.out) | {"metrics": {}} == {"run": folder, "status": "finished", "step": 30, "metrics": {}}


def test_the_word_behind_resume_may_be_the_recipe(genlab, toy_toml, workdir):
    genlab("run", "toy.toml", "-q")
    assert genlab("run", "--resume", "toy.toml").code == 0
    assert len(run_folders(workdir)) == 1


def test_resuming_without_a_run_is_an_error(genlab, toy_toml):
    outcome = genlab("run", "toy.toml", "--resume")
    assert outcome.code == 1
    assert "there is no run of 'toy' under runs" in outcome.err


def test_without_a_recipe_it_says_what_is_missing(genlab):
    outcome = genlab("run")
    assert outcome.code == 2
    assert "RECIPE must be given" in outcome.err


def test_a_time_limit_stops_and_says_how_to_go_on(genlab, toy_toml):
    outcome = genlab("run", "toy.toml", "--max-time", "0.05s", "-s", "train.steps=1000000")
    assert outcome.code == 0
    assert "time limit (0.05 s have passed)" in outcome.err
    assert "genlab run --resume runs/toy/" in outcome.err


@pytest.mark.parametrize("time", ["soon", "0", "-5", "10 apples"])
def test_a_time_limit_that_is_no_duration_is_a_usage_error(genlab, toy_toml, time):
    outcome = genlab("run", "toy.toml", f"--max-time={time}")
    assert outcome.code == 2
    assert "must be a duration such as 90s" in outcome.err


def test_a_recipe_with_faults_is_3_with_all_of_them(genlab, toy_toml):
    outcome = genlab("run", "toy.toml", "-s", "train.stps=3", "-s", "sampler.eta=1")
    assert outcome.code == 3
    assert "2 problems" in outcome.err
    assert "Did you mean 'steps'?" in outcome.err
    assert outcome.out == ""


def test_a_component_nobody_offers_is_4(genlab, toy_toml):
    outcome = genlab("run", "toy.toml", "-s", "model.use=tooy")
    assert outcome.code == 4
    assert "Did you mean 'toy'?" in outcome.err


def test_a_blocked_plugin_is_4(genlab, toy_toml):
    assert genlab("--block", "toy", "run", "toy.toml").code == 4
    assert genlab("--no-plugins", "run", "toy.toml").code == 4


def test_a_device_that_is_not_there_is_5(genlab, toy_toml):
    overrides = ("-s", 'accelerator={use="cuda", index=4096}')
    assert genlab("run", "toy.toml", *overrides).code == 5


def test_a_bound_that_is_not_finite_is_1_without_a_traceback(genlab, toy_toml):
    outcome = genlab("run", "toy.toml", "-s", "family.scale=1e30", "-s", "update.lr=1e30")
    assert outcome.code == 1
    assert "must be finite" in outcome.err
    assert "Traceback" not in outcome.err


def test_candidates_are_told_one_by_one_and_all_at_the_end(genlab, toy_toml, workdir):
    outcome = genlab("run", "toy.toml", "-s", "train.restarts=2", "--json")
    document = json.loads(outcome.out)
    assert document["picked"] in ("restart-1", "restart-2")
    assert [row["status"] for row in document["candidates"]] == ["finished", "finished"]
    assert re.search(r"^candidate 2 of 2, restart 2: bound -\d+\.\d+ nats, finished at step 20$", outcome.err, re.M)
    assert genlab("eval", str(workdir / document["run"]), "--json").code == 0
    text = genlab("run", "toy.toml", "-s", "train.restarts=2").err
    assert re.search(r"^\s+restart\s+bound\s+steps\s+seconds\s+ended", text, re.M)
    assert re.search(r"^picked  restart [12]: the ", text, re.M)


def test_the_live_screen_leaves_a_line_for_each_candidate():
    out = io.StringIO()
    row = {"values": {"model.k": 2}, "restart": 1, "label": "k-2", "status": "failed", "reason": "", "step": 0}
    row |= {"error": "too large", "corrected_nats": None, "elbo_total_nats_se": None}
    with LiveScreen(Console(file=out, force_terminal=True, width=100, highlight=False)) as screen:
        screen.genlab_candidate_finished(row, 1, 3)
    assert "candidate 1 of 3, k = 2: failed at step 0 (too large)" in out.getvalue()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_keeps_a_checkpoint_and_says_so_with_its_code(interrupted, toy_toml, workdir, number, code):
    outcome = interrupted(number, "run", "toy.toml", "--json", "-s", "train.steps=100000000")
    assert outcome.code == code
    document = json.loads(outcome.out)
    assert document["status"] == "interrupted"
    assert (workdir / document["run"] / "checkpoints" / str(document["step"])).is_dir()
