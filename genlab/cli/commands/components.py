"""`genlab components`: what a recipe can name in each table, and the keys it takes there."""

from collections.abc import Iterable
from typing import Any

import click
from rich.text import Text

from genlab.cli import verbs
from genlab.cli.documents import print_json
from genlab.cli.options import json_option
from genlab.cli.session import Session, pass_session
from genlab.cli.tables import plain_table
from genlab.discovery import RegisteredComponent, Registry
from genlab.errors import ComponentError
from genlab.spelling import did_you_mean


@click.command("components")
@click.argument("which", metavar="[SLOT[/NAME]]", default="")
@json_option
@pass_session
def command(session: Session, which: str, as_json: bool) -> None:
    """List what a recipe can name, and the keys it takes.

    A slot is a table of the recipe: `[model]` with `use = "ddpm"` names the component `model/ddpm`. With a slot
    only that slot's components are listed; with a slot and a name, the keys that component takes, their types,
    defaults and limits.

    \b
    Examples:
      genlab components
      genlab components sampler
      genlab components model/ddpm
    """
    slot, _, name = which.partition("/")
    registry = session.registry()
    if name:
        _one(session, registry, slot, name, as_json)
    else:
        _many(session, _of_slot(registry, slot), as_json)


def _of_slot(registry: Registry, slot: str) -> tuple[RegisteredComponent, ...]:
    offered = registry.components()
    slots = dict.fromkeys(component.slot for component in offered)
    if slot and slot not in slots:
        nearest = did_you_mean(slot, slots)
        raise ComponentError(f"a slot must be one of {', '.join(slots)}; got '{slot}'.{nearest}")
    return tuple(component for one in slots for component in offered if component.slot == one and slot in ("", one))


def _many(session: Session, components: Iterable[RegisteredComponent], as_json: bool) -> None:
    listed = [_facts(component) for component in components]
    if as_json:
        print_json(session, listed)
        return
    rows = [
        (fact["slot"], fact["name"], fact["summary"], f"{fact['plugin']} ({fact['distribution']})") for fact in listed
    ]
    session.out.print(plain_table(("slot", "name", "what it is", "from"), rows))


def _one(session: Session, registry: Registry, slot: str, name: str, as_json: bool) -> None:
    """Show the component of that name, or each of them: which one a recipe means depends on its other parts."""
    described = [
        (component, verbs.describe_keys(registry.load(component), registry)) for component in registry.named(slot, name)
    ]
    if as_json:
        documents = [{**_facts(component), "keys": [key._asdict() for key in keys]} for component, keys in described]
        print_json(session, documents[0] if len(documents) == 1 else documents)
        return
    for component, keys in described:
        heading = Text(f"{component.slot}/{component.name}", style="bold").append(f"  {component.summary}", "not bold")
        session.out.print(heading, soft_wrap=True)
        session.out.print(
            f"{component.target}, from plugin {component.plugin} of {component.distribution}\n",
            style="dim",
            soft_wrap=True,
        )
        rows = [
            (
                key.key,
                key.type,
                Text("required", "bold") if key.default is None else key.default,
                key.constraint,
                key.doc,
            )
            for key in keys
        ]
        if rows:
            session.out.print(plain_table(("key", "type", "default", "must", "what it does"), rows))
        else:
            session.out.print("It takes no keys.")


def _facts(component: RegisteredComponent) -> dict[str, Any]:
    return {
        "slot": component.slot,
        "name": component.name,
        "summary": component.summary,
        "target": component.target,
        "plugin": component.plugin,
        "distribution": component.distribution,
    }
