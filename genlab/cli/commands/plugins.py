"""`genlab plugins`: what is installed, and whether it works."""

import dataclasses
import warnings
from collections.abc import Mapping, Sequence

import click
from rich.text import Text

from genlab.cli.documents import print_json
from genlab.cli.options import json_option
from genlab.cli.session import Session, pass_session
from genlab.cli.tables import plain_table
from genlab.discovery import PluginStatus, RegisteredComponent
from genlab.discovery.timing import SLOW_SECONDS
from genlab.errors import GenlabWarning

STYLES = {"ok": "green", "blocked": "dim"}


@click.command("plugins")
@json_option
@pass_session
def command(session: Session, as_json: bool) -> None:
    """List the installed plugins and their state.

    A plugin is a distribution with an entry point in the group `genlab`. One that cannot be loaded is listed with
    the reason and harms nobody: only a recipe that names one of its components fails. One that takes long to load
    keeps every command waiting; the time is that of its import. Names that several plugins give to a component are
    listed below: a recipe takes the one that fits its other parts, or says which with `distribution:name`.

    \b
    Examples:
      genlab plugins
      genlab plugins --block vae       as if the plugin called vae were not there
      genlab plugins --no-plugins      only what genlab itself offers
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "plugin '", GenlabWarning)  # the table says the same
        registry = session.registry()
    plugins, shared = registry.plugins, registry.shared_names()
    if as_json:
        documents = [dataclasses.asdict(plugin) | {"shared_names": _shared_by(plugin, shared)} for plugin in plugins]
        print_json(session, documents)
        return
    rows = [
        (
            plugin.name,
            plugin.distribution,
            plugin.version or "",
            Text(plugin.status, STYLES.get(plugin.status, "red")),
            str(plugin.components),
            _seconds(plugin.load_seconds),
            plugin.reason or "",
        )
        for plugin in plugins
    ]
    columns = ("plugin", "distribution", "version", "state", "components", "load", "reason")
    session.out.print(plain_table(columns, rows, right=("components", "load")))
    if shared:
        session.out.print("\nshared names")
    for name, components in shared.items():
        offering = ", ".join(f"{component.plugin} ({component.distribution})" for component in components)
        session.out.print(f"{name}: {offering}", soft_wrap=True, highlight=False)


def _shared_by(plugin: PluginStatus, shared: Mapping[str, Sequence[RegisteredComponent]]) -> list[str]:
    who = (plugin.name, plugin.distribution)
    return [name for name, sharing in shared.items() if who in {(one.plugin, one.distribution) for one in sharing}]


def _seconds(seconds: float | None) -> Text:
    if seconds is None:
        return Text("")
    slow = seconds >= SLOW_SECONDS
    return Text(f"{seconds:.1f} s" if slow else f"{1000 * seconds:.0f} ms", "red" if slow else "")
