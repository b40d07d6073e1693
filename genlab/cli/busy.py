"""A sign of life while a command computes: on a terminal, what it does and for how long."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from genlab.cli.session import Session

REDRAWS_PER_SECOND = 4


@contextmanager
def busy(session: Session, what: str) -> Iterator[None]:
    """Show a line while the context lasts, and none of it afterwards; where nobody watches, nothing.

    Args:
        session: whose `err` shows it. Results must not be printed within.
        what: what is being done.
    """
    if not session.err.is_interactive:
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(
        *columns,
        console=session.err,
        transient=True,
        redirect_stdout=False,  # or results would go where the line is
        refresh_per_second=REDRAWS_PER_SECOND,
    ) as progress:
        progress.add_task(what, total=None)
        yield
