"""`rotate-key`: replaces the host key; agent id, tags and telemetry are kept."""

import json
import time
from argparse import ArgumentParser
from typing import Final

from openinspector.agent.command import DONE, UNHEALTHY, Command, Invocation

WAIT_SECONDS: Final = 150
"""Two and a half heartbeats: a running agent adopts the next key with one of them."""


def run(invocation: Invocation) -> int:
    """Replace the host key, or let the running agent do it and wait for that."""
    from openinspector.agent.files.state_lock import AlreadyRunningError
    from openinspector.agent.membership.rotation import prepare_rotation
    from openinspector.agent.runtime import rotate_host_key

    settings = invocation.settings()
    try:
        done, key_id = True, rotate_host_key(settings)
    except AlreadyRunningError:
        key_id = prepare_rotation(settings.state_directory).id
        done = _taken_up(invocation, key_id)
    if invocation.options.json:
        print(json.dumps({"keyId": key_id, "done": done}))
    elif done:
        print(f"The host key is now {key_id}.")
    else:
        print("The agent has not adopted the next host key yet. See: openinspector-agent status")
    return DONE if done else UNHEALTHY


def _taken_up(invocation: Invocation, key_id: str) -> bool:
    from openinspector.agent.identity import load_key

    state, until = invocation.settings().state_directory, time.monotonic() + invocation.options.wait
    while True:
        key = load_key(state)
        if key is not None and key.id == key_id:
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(0.2)


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--wait", type=float, default=WAIT_SECONDS, metavar="SECONDS", help="how long to wait for a running agent"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


COMMAND: Final = Command(
    name="rotate_key",
    title="replace this host's key; agent id, tags and telemetry stay",
    description=(
        "Works whether or not the agent runs: a running one takes the next key up within a minute. Interrupted at any "
        "instant, it is carried on by the agent, or by running it again."
    ),
    run=run,
    add_options=_add_options,
)
