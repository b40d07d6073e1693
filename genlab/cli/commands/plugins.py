"""`genlab plugins`: what is installed, and whether it works."""

import dataclasses
import warnings

import click
from rich.text import Text

from genlab.cli.documents import print_json
from genlab.cli.options import json_option
from genlab.cli.session import Session, pass_session
from genlab.cli.tables import plain_table
from genlab.errors import GenlabWarning

STYLES = {"ok": "green", "blocked": "dim"}


@click.command("plugins")
@json_option
@pass_session
def command(session: Session, as_json: bool) -> None:
    """List the installed plugins and their state.

    A plugin is a distribution with an entry point in the group `genlab`. One that cannot be loaded is listed with
    the reason and harms nobody: only a recipe that names one of its components fails.

    \b
    Examples:
      genlab plugins
      genlab --block vae plugins       as if the plugin called vae were not there
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GenlabWarning)  # the table says the same
        plugins = session.registry().plugins
    if as_json:
        print_json(session, [dataclasses.asdict(plugin) for plugin in plugins])
        return
    rows = [
        (
            plugin.name,
            plugin.distribution,
            plugin.version or "",
            Text(plugin.status, STYLES.get(plugin.status, "red")),
            str(plugin.components),
            plugin.reason or "",
        )
        for plugin in plugins
    ]
    columns = ("plugin", "distribution", "version", "state", "components", "reason")
    session.out.print(plain_table(columns, rows, right=("components",)))
