"""`genlab report`: a run as one page."""

from pathlib import Path

import pytest


@pytest.fixture
def toy_run(genlab, toy_toml):
    return genlab("run", "toy.toml", "-q").out.strip()


def test_the_path_of_the_page_goes_to_standard_output(genlab, toy_run):
    outcome = genlab("report", toy_run)
    assert (outcome.code, outcome.out, outcome.err) == (0, f"{toy_run}/report.html\n", "")
    text = Path(outcome.out.strip()).read_text(encoding="utf-8")
    assert "bound curve: the bound against the step" in text
    assert f"genlab eval {toy_run}" in text


def test_a_name_means_its_newest_run_and_a_file_can_be_chosen(genlab, toy_run, workdir):
    assert genlab("report", "toy", "--out", "toy.html").out == "toy.html\n"
    assert genlab("report", "toy", "--out", "toy.html").code == 0
    assert (workdir / "toy.html").is_file()


def test_it_needs_no_torch(python, toy_run):
    program = "import sys; from genlab.cli.main import main; code = main(['report', 'toy'])"
    program += "; assert not {'torch', 'pydantic', 'numpy'} & set(sys.modules), 'a slow import'; sys.exit(code)"
    assert "report.html" in python(program)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nothing"], 1, "no run of 'nothing'"),
        ([], 2, "Missing argument"),
        (["toy", "--out", "toy.pdf"], 2, "must end in .html"),
        (["toy", "--out", "nowhere/toy.html"], 2, "folder nowhere must exist"),
        (["toy", "toy"], 2, "unexpected extra argument"),
    ],
)
def test_what_cannot_work_is_one_message(genlab, toy_run, arguments, code, said):
    outcome = genlab("report", *arguments)
    assert (outcome.code, outcome.out) == (code, "")
    assert said in outcome.err


def test_a_damaged_record_is_one_message(genlab, toy_run):
    (Path(toy_run) / "run.json").write_text("{")
    outcome = genlab("report", toy_run)
    assert outcome.code == 1
    assert "run.json cannot be read" in outcome.err
    assert "Traceback" not in outcome.err
