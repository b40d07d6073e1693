import pytest
from toy import TOY_RECIPE, toy_registry

from genlab.errors import UsageError
from genlab.recipe import Recipe
from genlab.run import RunFolder, compare, run


@pytest.fixture
def runs(tmp_path):
    """Two runs of the toy, the second from a better start, on the same data."""

    def fitted(name, **family):
        tables = TOY_RECIPE | {"name": name, "family": TOY_RECIPE["family"] | family}
        return run(Recipe.from_tables(tables), out=tmp_path, registry=toy_registry()).folder

    return [fitted("far"), fitted("near", slope=0.5, scale=0.5**0.5)]


def test_runs_stand_side_by_side_with_what_is_their_own(runs):
    comparison = compare(runs)
    assert [one.label for one in comparison.runs] == ["far", "near"]
    assert comparison.runs[1].recipe == {"family.slope": 0.5, "family.scale": 0.5**0.5}
    assert [row["name"] for row in comparison.runs[0].ledger] == ["likelihood", "prior", "entropy"]
    assert comparison.warnings == ()
    assert "has the largest bound" in comparison.verdict


def test_runs_of_one_name_are_told_apart_by_their_folder(runs, tmp_path):
    again = run(Recipe.from_tables(TOY_RECIPE | {"name": "far"}), out=tmp_path, registry=toy_registry()).folder
    labels = [one.label for one in compare([runs[0], again]).runs]
    assert labels == [f"far/{runs[0].name}", f"far/{again.name}"]


def test_other_data_are_a_warning_and_leave_no_verdict(runs):
    folder = RunFolder(runs[0])
    folder.update_record(data={**folder.record()["data"], "name": "others"})
    comparison = compare(runs)
    assert comparison.warnings == (
        "the runs have other data, or split them otherwise: their bounds speak of different things.",
    )
    assert comparison.verdict == ""


def test_another_protocol_and_a_missing_bound_are_warnings(runs):
    folder = RunFolder(runs[0])
    folder.update_record(test={**folder.record()["test"], "protocol": "by eye"})
    assert "evaluated in different ways" in compare(runs).warnings[0]
    folder.update_record(test=None)
    assert compare(runs).warnings == ("far has no bound on test data (finished).",)


@pytest.mark.parametrize(
    ("gap", "error", "words"),
    [
        (0.001, 0.01, "within their Monte Carlo error (0.014): no difference is shown"),
        (1.0, 0.01, "70.7 times their Monte Carlo error"),
        (1.0, None, "not known"),
        (1.0, 0.0, "near has the largest bound, 1 nats an example above far."),
    ],
)
def test_the_verdict_weighs_the_gap_against_the_noise(runs, gap, error, words):
    for place, folder in enumerate(map(RunFolder, runs)):
        test = folder.record()["test"]
        folder.update_record(
            test=test | {"metrics": test["metrics"] | {"elbo_nats": place * gap, "elbo_nats_se": error}}
        )
    assert words in compare(runs).verdict


def test_one_run_is_no_comparison(runs):
    for folders in (runs[:1], [runs[0], runs[0]]):
        with pytest.raises(UsageError, match="two runs or more, each named once"):
            compare(folders)
