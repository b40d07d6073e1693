"""`genlab env`: what genlab runs on."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from genlab import numbers
from genlab.cli import verbs
from genlab.cli.documents import print_json
from genlab.cli.options import json_option
from genlab.cli.session import Session, pass_session
from genlab.cli.tables import facts


@click.command("env")
@json_option
@pass_session
def command(session: Session, as_json: bool) -> None:
    """Print versions, devices, folders, and what plugins add.

    This is what a report of a problem should contain.

    \b
    Examples:
      genlab env
      genlab env --json
    """
    environment = verbs.environment(session.registry())
    if as_json:
        print_json(session, environment)
    else:
        session.out.print(facts(_lines(environment)))


def _lines(environment: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in environment.items():
        name = f"{above}{key if key.isupper() else key.replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _lines(value, f"{name}: ")
        elif isinstance(value, list):
            yield name, "; ".join(_words(item) for item in value) or "none"
        elif key.endswith("_bytes"):
            yield name.removesuffix(" bytes"), numbers.memory(value)
        else:
            yield name, "-" if value is None else str(value)


def _words(item: Any) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    return ", ".join(f"{numbers.memory(v) if k.endswith('_bytes') else v}" for k, v in item.items())
