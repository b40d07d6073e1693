"""A candidate's name for people."""

from collections.abc import Mapping
from typing import Any


def candidate_words(row: Mapping[str, Any]) -> str:
    """Write what tells a candidate from the others.

    >>> candidate_words({"values": {"model.components": 2}, "restart": 3, "label": "components-2-restart-3"})
    'components = 2, restart 3'

    Args:
        row: the candidate as `run.json` holds it.
    """
    values = [f"{key.rpartition('.')[2]} = {value}" for key, value in row["values"].items()]
    restart = f"restart-{row['restart']}"
    return ", ".join([*values, *([restart.replace("-", " ")] if row["label"].endswith(restart) else [])])
