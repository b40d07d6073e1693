import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import several_processes
from markdown_page import ROOT

pytestmark = pytest.mark.slow
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
Ends = dict[str, dict[str, Any]]


def torchrun(*command: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TORCHRUN, *map(str, command)], capture_output=True, text=True, timeout=120, check=False, **options
    )


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Ends:
    return several_processes.ends(tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ends, Ends]:
    folder = tmp_path_factory.mktemp("together")
    done = torchrun(Path(several_processes.__file__), folder)
    assert done.returncode == 0, done.stderr
    first, second = (json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1))
    return first, second


@pytest.mark.parametrize("name", several_processes.UPDATES)
@pytest.mark.parametrize("resumed", ["", " resumed"])
def test_two_processes_reach_what_one_does(alone: Ends, together: tuple[Ends, Ends], name: str, resumed: str) -> None:
    one, two = alone[name], together[0][name + resumed]
    assert (two["status"], two["step"]) == (one["status"], one["step"])
    assert two["elbo_nats"] == pytest.approx(one["elbo_nats"], rel=1e-6)
    assert two["parameters"] == pytest.approx(one["parameters"], rel=1e-5)


def test_the_processes_agree_on_how_a_run_ended(together: tuple[Ends, Ends]) -> None:
    leading, following = together
    for name, end in following.items():
        assert end == {key: leading[name][key] for key in end}


def test_a_run_of_two_processes_leaves_one_folder_and_says_so(together: tuple[Ends, Ends]) -> None:
    folder = Path(together[0]["gradient"]["folder"])
    assert json.loads((folder / "run.json").read_text())["hardware"]["processes"] == 2
    assert len(list(folder.parent.iterdir())) == 2  # one run, and one in two parts


def test_the_command_line_speaks_with_one_voice(tmp_path: Path) -> None:
    done = torchrun("-m", "genlab", "run", ROOT / "recipes" / "vae.toml", "-s", "train.steps=4", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "finished"
    assert done.stderr.count("to step 4 on") == 1


def test_a_process_that_fails_ends_the_others_with_a_message(tmp_path: Path) -> None:
    script = tmp_path / "failing.py"
    script.write_text(
        "import os, sys\n"
        "from genlab.cli.main import main\n"
        "from genlab.parts.update.gradient import Gradient\n"
        "if os.environ['RANK'] == '1':\n"
        "    Gradient.step = lambda *_, **__: 1 / 0\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    done = torchrun(script, "run", ROOT / "recipes" / "vae.toml", "-q", cwd=tmp_path)
    assert done.returncode == 1
    assert "process 1 of 2: ZeroDivisionError: division by zero" in done.stderr
    assert "process 0 of 2: another process of this run has ended" in done.stderr
