"""`genlab new plugin`: the files of a plugin, or one message."""


def test_a_plugin_is_written_and_its_folder_printed(genlab, workdir):
    outcome = genlab("new", "plugin", "my-flow")
    assert (outcome.code, outcome.out) == (0, "genlab-my-flow\n")
    assert (workdir / "genlab-my-flow" / "genlab_my_flow" / "plugin.py").is_file()
    assert "pip install -e 'genlab-my-flow[test]'" in outcome.err


def test_the_plugin_can_be_written_elsewhere(genlab, workdir):
    outcome = genlab("new", "plugin", "my-flow", "--out", "projects/mine")
    assert outcome.out == "projects/mine/genlab-my-flow\n"


def test_a_second_time_is_a_usage_error_and_changes_nothing(genlab, workdir):
    genlab("new", "plugin", "my-flow")
    readme = workdir / "genlab-my-flow" / "README.md"
    readme.write_text("mine")
    outcome = genlab("new", "plugin", "my-flow")
    assert outcome.code == 2
    assert "the folder genlab-my-flow must not exist yet, and does." in outcome.err
    assert readme.read_text() == "mine"


def test_the_name_of_an_installed_plugin_or_component_is_refused(genlab, workdir):
    for name in ("toy", "gradient"):
        outcome = genlab("new", "plugin", name)
        assert outcome.code == 2
        assert f"'{name}' is taken" in outcome.err
    assert list(workdir.iterdir()) == []


def test_a_bad_name_is_a_usage_error_with_a_better_one(genlab):
    outcome = genlab("new", "plugin", "My_Flow")
    assert outcome.code == 2
    assert "Try 'my-flow'." in outcome.err
