"""JSON documents on standard output: exactly one, finite numbers or null."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genlab.cli.session import Session


def print_json(session: Session, document: Any) -> None:
    """Print a document as JSON.

    Args:
        session: where to.
        document: mappings, sequences, strings, numbers, paths, None; a number that is not finite becomes null.
    """
    text = json.dumps(_plain(document), indent=2, ensure_ascii=False, allow_nan=False)
    session.out.print(text, soft_wrap=True)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
