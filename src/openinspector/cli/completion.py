"""`openinspector completion`: the script that makes a shell complete commands and options."""

import click
from click.shell_completion import get_completion_class

from openinspector.cli.main import cli


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell; for bash: eval "$(openinspector completion bash)"."""
    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(made(cli, {}, "openinspector", "_OPENINSPECTOR_COMPLETE").source())
