"""One full collection on this host: processor time and peak memory, in a process of its own."""

import subprocess
import sys

COLLECTION = """
import resource, time
from openinspector.agent.collection import collect
from openinspector.agent.local_host import LocalHost
from openinspector.agent.registry import sensors
began = time.process_time()
records = sum(1 for _ in collect(tuple(sensors().values()), LocalHost(), time.monotonic, agent_version="bench"))
print(f"{records} records, {time.process_time() - began:.3f} s CPU, "
      f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.1f} MB peak")
"""


def test_one_full_collection() -> None:
    done = subprocess.run([sys.executable, "-c", COLLECTION], capture_output=True, text=True, check=True)
    print(f"\n{done.stdout.strip()}")
    assert "records" in done.stdout
