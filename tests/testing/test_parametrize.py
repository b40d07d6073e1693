"""The decorator, in a test session of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TESTS = """
from genlab.testing import CannotRun, check, parametrize_with_checks
from kit_toys import recipe, registry
import genlab.testing.case

@check("model")
def holds(subject):
    "It holds."

@check("model")
def breaks(subject):
    "It breaks."
    raise AssertionError("x must be 1, got 2")

@check("model")
def fails_as_expected(subject):
    "It fails."
    raise AssertionError("known")

@check("model")
def does_not_apply(subject):
    "It does not apply."
    raise CannotRun("it has no parameters")

genlab.testing.case.checks = lambda _: (holds, breaks, fails_as_expected, does_not_apply)

@parametrize_with_checks(
    "model/toy", registry=registry(), recipes=[recipe()], expected_failures={"fails_as_expected": "known"}
)
def test_laws(subject, check):
    check(subject)

@parametrize_with_checks("sampler/toy", registry=registry())
def test_nothing(subject, check):
    check(subject)
"""


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("session")
    (folder / "test_session.py").write_text(TESTS)
    path = f"import sys; sys.path[:0] = {[str(ROOT / 'tests'), str(ROOT)]!r}"
    options = ["-p", "no:cacheprovider", "--rootdir", str(folder), "-rA", "-q", str(folder)]
    program = f"{path}; import pytest; sys.exit(pytest.main({options!r}))"
    finished = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
    return finished.stdout.splitlines()


@pytest.mark.parametrize(
    ("outcome", "case"),
    [
        ("PASSED", "test_laws[model/toy[toy]-holds]"),
        ("FAILED", "test_laws[model/toy[toy]-breaks] - AssertionError"),
        ("XFAIL", "test_laws[model/toy[toy]-fails_as_expected] - known"),
        ("SKIPPED", "it has no parameters"),
        ("SKIPPED", "no setting"),
    ],
)
def test_a_check_is_a_test_with_its_outcome(lines: list[str], outcome: str, case: str) -> None:
    assert any(line.startswith(outcome) and case in line for line in lines), "\n".join(lines)
