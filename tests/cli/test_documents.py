"""JSON documents on standard output."""

import json
import math
from pathlib import Path

from genlab.cli.documents import print_json
from genlab.cli.session import Session


def test_what_is_not_finite_is_null_and_paths_are_strings(capsys):
    print_json(Session(), {"a": [math.nan, math.inf, 1.5, 2], "b": Path("x/y"), "c": {"d": None, "e": (True,)}})
    expected = {"a": [None, None, 1.5, 2], "b": "x/y", "c": {"d": None, "e": [True]}}
    assert json.loads(capsys.readouterr().out) == expected


def test_long_lines_and_brackets_are_not_touched(capsys):
    document = {"text": "[bold]" + 500 * "word " + "[/bold] :smile:"}
    print_json(Session(), document)
    assert json.loads(capsys.readouterr().out) == document
