"""The command line's list of commands with DNNBrain's in it; none is loaded before it is run."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

from app.dnnbrain_commands import COMMANDS, run


class Group(TyperGroup):
    """Commands by name; DNNBrain's with underscores or hyphens."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *COMMANDS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        name = cmd_name.replace("_", "-")
        return _Typed(name) if name in COMMANDS else super().get_command(ctx, cmd_name)


class _Typed(TyperCommand):
    """A command that reads its words itself: DNNBrain's flags are words behind one hyphen."""

    def __init__(self, name: str) -> None:
        super().__init__(name, help=COMMANDS[name][1], add_help_option=False, rich_markup_mode=None)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.args = list(args)
        return []

    def invoke(self, ctx: Any) -> int:
        return run(str(self.name), ctx.args)
