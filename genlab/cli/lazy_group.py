"""A click group that imports a command's module only when that command is used."""

import difflib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click


@dataclass(frozen=True)
class LazyCommand:
    """A command not imported yet.

    Attributes:
        target: `package.module:command`.
        summary: its line in the group's help.
    """

    target: str
    summary: str

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


class LazyGroup(click.Group):
    """A group whose help needs none of its commands."""

    def __init__(
        self,
        *,
        lazy: Mapping[str, LazyCommand] | None = None,
        everywhere: Sequence[click.Option] = (),
        **settings: Any,
    ) -> None:
        """Make one.

        Args:
            lazy: the commands by name, in the order the help shows them.
            everywhere: options that every command takes besides its own.
            settings: what click's own group takes.
        """
        super().__init__(**settings)
        self.lazy = dict(lazy or {})
        self.everywhere = tuple(everywhere)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order given."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; None where there is none of that name."""
        if cmd_name not in self.lazy:
            return None
        command = self.lazy[cmd_name].load()
        command.params += [option for option in self.everywhere if option not in command.params]
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command a line names; an unknown one is a usage error with the nearest spelling."""
        if args[0] not in self.lazy and not args[0].startswith("-") and not ctx.resilient_parsing:
            nearest = difflib.get_close_matches(args[0], self.lazy, n=1)
            hint = f"Did you mean '{nearest[0]}'?" if nearest else f"The commands are {', '.join(self.lazy)}."
            raise click.UsageError(f"no such command '{args[0]}'. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands' summaries without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in self.lazy.items()])
