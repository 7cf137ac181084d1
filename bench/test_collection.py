"""One full collection on this host: processor time, peak memory and bytes on the wire, in a process of its own."""

import subprocess
import sys

COLLECTION = """
import resource, time
from openinspector.agent.collection.collector import FLUSH_BYTES
from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.registry import sensors
from openinspector.agent.sensing import collect_messages
from openinspector.wire.codec import encode_batch, message_size
from openinspector.wire.envelope import encode_envelope
began = time.process_time()
messages = list(collect_messages(tuple(sensors()), 1, LocalHost()))
cpu = time.process_time() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
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
print(f"{len(messages)} messages, {cpu:.3f} s CPU, {peak:.1f} MB peak, {wire / 1000:.1f} KB on the wire")
"""


def test_one_full_collection() -> None:
    done = subprocess.run([sys.executable, "-c", COLLECTION], capture_output=True, text=True, check=True)
    print(f"\n{done.stdout.strip()}")
    assert "on the wire" in done.stdout
