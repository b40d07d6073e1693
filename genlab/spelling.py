"""The nearest spelling of a name, for messages about unknown names."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" with the nearest known name, or nothing where none is near.

    >>> did_you_mean("num_stpes", ["eta", "num_steps"])
    " Did you mean 'num_steps'?"
    >>> did_you_mean("lr", ["eta"])
    ''
    """
    spellings = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), spellings, n=1)
    return f" Did you mean {spellings[close[0]]!r}?" if close else ""


def listing(names: Iterable[str]) -> str:
    """Return names quoted and joined by commas.

    >>> listing(["steps", "eta"])
    "'steps', 'eta'"
    """
    return ", ".join(repr(name) for name in names)
