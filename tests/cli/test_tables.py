"""Tables fit the width there is, and never break what is typed."""

import io

from rich.console import Console

from genlab.cli.tables import plain_table


def test_the_first_column_is_whole_and_the_others_are_folded():
    console = Console(file=io.StringIO(), width=40)
    console.print(plain_table(("run", "what"), [("runs/a/20260101T120000Z", 10 * "word ")]))
    text = console.file.getvalue()
    assert "runs/a/20260101T120000Z" in text
    assert text.count("word") == 10
    assert max(map(len, text.splitlines())) <= 40
