"""`run`: the agent itself, until it is stopped."""

from typing import Final

from openinspector.agent.command import DONE, Command, Invocation


def run(invocation: Invocation) -> int:
    """Run the agent until SIGTERM or SIGINT."""
    from openinspector.agent.runtime import run_agent

    run_agent(invocation.settings())
    return DONE


COMMAND: Final = Command(name="run", title="run the agent until it is stopped", run=run)
