"""Tables in the command line's one style."""

from collections.abc import Collection, Iterable, Sequence

from rich import box
from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text


def plain_table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, right: Collection[str] = ()) -> Table:
    """Return a table with a rule under its heading and nothing else drawn.

    Args:
        columns: headings; the first column holds what is typed, and is never folded.
        rows: the cells, as many as there are columns.
        right: the headings of columns aligned to the right: numbers.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        justify: JustifyMethod = "right" if column in right else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=column == columns[0])
    for row in rows:
        table.add_row(*row)
    return table


def facts(rows: Iterable[tuple[str, str | Text]]) -> Table:
    """Return a list of names and values, the names dimmed."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
