"""The group of commands: quick to start, clear about what it does not know, and the same from every entry."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from genlab.cli.main import COMMANDS, EPILOG, cli

ROOT = Path(__file__).parents[2]

WITHOUT = "assert not {'torch', 'pydantic', 'numpy'} & set(sys.modules), 'a slow import'"


def test_its_help_imports_no_command_and_no_torch(python):
    program = f"import sys; from genlab.cli.main import main; code = main(['--help']); {WITHOUT}"
    program += "; assert not any(name.startswith('genlab.cli.commands') for name in sys.modules); sys.exit(code)"
    out = python(program)
    assert all(f"\n  {name} " in out for name in COMMANDS)


def test_the_help_of_every_command_imports_no_torch(python):
    program = "import sys; from genlab.cli.main import main, COMMANDS"
    program += f"; codes = [main([name, '--help']) for name in COMMANDS]; {WITHOUT}; sys.exit(any(codes))"
    assert python(program).count("Usage: genlab ") == len(COMMANDS)


@pytest.mark.parametrize("command", ["plugins", "recipes", "components"])
def test_a_list_imports_no_torch(python, command):
    program = f"import sys; from genlab.cli.main import main; code = main(['{command}']); {WITHOUT}; sys.exit(code)"
    assert "toy" in python(program)


def test_runs_are_listed_without_torch(python, genlab, toy_toml):
    genlab("run", "toy.toml", "-q")
    program = f"import sys; from genlab.cli.main import main; code = main(['runs']); {WITHOUT}; sys.exit(code)"
    assert "finished" in python(program)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(genlab, command):
    outcome = genlab(command, "--help")
    assert outcome.code == 0
    assert "Examples:" in outcome.out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_line_of_a_command_in_the_help_is_the_first_of_its_own(genlab, command):
    command_help = COMMANDS[command].load().help
    assert command_help.splitlines()[0] == COMMANDS[command].summary


def examples() -> list[str]:
    """Return every command line that a help text shows."""
    texts = [EPILOG, *(command.load().help for command in COMMANDS.values())]
    lines = [line.strip() for text in texts for line in text.splitlines() if line.startswith("  genlab ")]
    return [re.split(r" {2,}| > ", line)[0] for line in lines]


@pytest.mark.parametrize("line", examples())
def test_an_example_of_the_help_is_a_command_line_that_parses(line):
    context = cli.make_context("genlab", shlex.split(line)[1:])
    name, command, arguments = cli.resolve_command(context, [*context._protected_args, *context.args])
    with command.make_context(name, arguments, parent=context) as parsed:
        named = [parsed.params.get(key) for key in ("recipe", "run")]
    shipped = {path.stem for path in (ROOT / "recipes").glob("*.toml")}
    assert all(word in shipped or "/" in word or word.startswith("my-") for word in named if word)


def test_an_unknown_command_is_a_usage_error_with_the_nearest_spelling(genlab):
    outcome = genlab("evall")
    assert outcome.code == 2
    assert "no such command 'evall'. Did you mean 'eval'?" in outcome.err
    assert outcome.out == ""


def test_an_unknown_command_without_a_neighbour_is_answered_with_all_commands(genlab):
    assert "The commands are run, eval, infer, sample" in genlab("xyzzy").err


def test_an_unknown_option_is_a_usage_error(genlab):
    outcome = genlab("runs", "--jsn")
    assert outcome.code == 2
    assert "--json" in outcome.err


def test_no_arguments_print_the_help(genlab):
    outcome = genlab()
    assert outcome.code == 2
    assert "Commands:" in outcome.out + outcome.err


def test_it_knows_its_version(genlab):
    outcome = genlab("--version")
    assert outcome.code == 0
    assert outcome.out.startswith("genlab ")


def test_the_module_is_the_same_program(environment, workdir):
    finished = subprocess.run(
        [sys.executable, "-m", "genlab.cli", "runz"],
        env=environment,
        cwd=workdir,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 2
    assert "Usage: genlab [OPTIONS] COMMAND" in finished.stderr


def test_a_reader_that_leaves_early_is_no_error(environment, workdir):
    finished = subprocess.run(
        f"{sys.executable} -m genlab.cli components --json | head -c 1",
        shell=True,
        env=environment,
        cwd=workdir,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.stdout == "["
    assert finished.stderr == ""


def test_a_shell_completes_commands_and_shipped_recipes(python, monkeypatch):
    program = "import os, sys; os.environ |= {{'_GENLAB_COMPLETE': 'bash_complete', 'COMP_WORDS': '{words}', "
    program += "'COMP_CWORD': '{number}'}}; from genlab.cli.main import main; sys.exit(main([]))"
    assert "plain,runs" in python(program.format(words="genlab ru", number=1))
    assert "plain,toy-shipped" in python(program.format(words="genlab run toy", number=2))


def test_a_shell_completes_the_names_of_runs(python, workdir):
    (workdir / "runs" / "mine" / "1").mkdir(parents=True)
    (workdir / "runs" / "mine" / "1" / "run.json").write_text("{}")
    program = "import os, sys; os.environ |= {'_GENLAB_COMPLETE': 'bash_complete', 'COMP_WORDS': 'genlab eval m', "
    program += "'COMP_CWORD': '2'}; from genlab.cli.main import main; sys.exit(main([]))"
    assert "plain,mine" in python(program)
