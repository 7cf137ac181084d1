"""One full collection on this host: processor time, peak memory and bytes on the wire, in a process of its own."""

import subprocess
import sys

import pytest

COLLECTION = """
import sys, time
from openinspector.agent.collection.collector import FLUSH_BYTES
from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.registry import sensors
from openinspector.agent.sensing import collect_messages
from openinspector.agent.sensor import Trigger
from openinspector.testing.process_usage import peak_memory_mib
from openinspector.wire.codec import encode_batch, message_size
from openinspector.wire.envelope import encode_envelope
known = sensors()
chosen = tuple(name for name in known if sys.argv[1] == "all" or known[name].trigger is Trigger.EVERY_RUN)
began = time.process_time()
messages = list(collect_messages(chosen, 1, LocalHost()))
cpu = time.process_time() - began
peak = peak_memory_mib()
batches, size = [[]], 0
for message in messages:
    size += message_size(message)
    if size > FLUSH_BYTES:
        batches.append([])
        size = 0
    batches[-1].append(message)
wire = sum(
    len(encode_envelope(run_arn="arn:aws:inspector:us-east-1:000000000000:target/0-aaaaaaaa/template/0-bbbbbbbb/run/"
        "0-cccccccc", agent_id="i-0123456789abcdef0", stream="0" * 32, seq=number, plaintext=encode_batch(batch)))
    for number, batch in enumerate(batches, start=1)
)
print(
    f"{len(chosen)} sensors, {len(messages)} messages, {cpu:.3f} s CPU, {peak:.1f} MiB peak, "
    f"{wire / 1000:.1f} KB on the wire"
)
"""


@pytest.mark.parametrize("asked", ["every run", "all"])
def test_one_full_collection(asked: str) -> None:
    """A rule that reads them adds the sensors that search the file system, as long as this host has files."""
    done = subprocess.run([sys.executable, "-c", COLLECTION, asked], capture_output=True, text=True, check=True)
    print(f"\n{done.stdout.strip()}")
    assert "on the wire" in done.stdout
