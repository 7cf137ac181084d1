"""Kill -9 at any instant: nothing that was spooled is lost, no number is used twice."""

import random
import subprocess
import sys
import textwrap
import time
from datetime import timedelta
from pathlib import Path

from openinspector.agent.spool.spool import Spool, SpoolLimits
from openinspector.wire.envelope import chain_digest, decode_envelope, payload_digest

KILLS = 12
AGENT = "host-" + "0" * 17
CHILD = textwrap.dedent(
    """
    import sys
    from datetime import UTC, datetime, timedelta
    from pathlib import Path
    from openinspector.agent.spool.spool import Spool, SpoolLimits
    from openinspector.agent.session.stream import StreamOrder

    folder = Path(sys.argv[1])
    spool = Spool(folder, "host-" + "0" * 17, SpoolLimits(bytes=2**24, age=timedelta(days=1)))
    end = datetime.now(UTC) + timedelta(hours=1)
    spool.open(StreamOrder(run_arn="run", sensors=(), ends_at=end, close_when_collected=False))
    print("ready", flush=True)
    while True:
        seq = spool.view().streams["run"].count + 1
        spool.append("run", f'"{seq}"'.encode())
        print("kept", seq, flush=True)
        if seq % 3 == 0:
            print("acknowledging", seq - 2, flush=True)
            spool.acknowledge("run", seq - 2)
    """
)


def test_killed_spool_keeps_every_confirmed_envelope(tmp_path: Path) -> None:
    chance = random.Random(20260301)
    kept: dict[int, bytes] = {}
    acknowledged = 0
    for _ in range(KILLS):
        reported = run_and_kill(tmp_path / "spool", after=chance.uniform(0.0, 0.05))
        for word, number in reported:
            if word == "kept":
                assert number not in kept, "a number was used twice"
                kept[number] = f'"{number}"'.encode()
            else:
                acknowledged = max(acknowledged, number)
        spool = Spool(tmp_path / "spool", AGENT, SpoolLimits(bytes=2**24, age=timedelta(days=1)))
        stream = spool.view().streams["run"]
        assert spool.view().report.envelopes_dropped == 0
        # The last append may have been made without being reported.
        assert stream.count - max(kept, default=0) in (0, 1)
        kept |= {seq: f'"{seq}"'.encode() for seq in range(len(kept) + 1, stream.count + 1)}
        assert set(range(acknowledged + 1, stream.count + 1)) <= set(stream.pending)
        for seq in stream.pending:
            envelope = spool.read("run", seq)
            assert envelope is not None
            assert decode_envelope(envelope)[1] == kept[seq]
        manifest = spool.manifest("run")
        assert (manifest.count, manifest.dropped) == (stream.count, 0)
        assert manifest.chain == chain_digest(payload_digest(kept[seq]) for seq in sorted(kept))
    assert len(kept) > KILLS


def run_and_kill(folder: Path, after: float) -> list[tuple[str, int]]:
    """Let a child append until it is killed ``after`` seconds from when it is ready; returns what it reported."""
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(folder)], stdout=subprocess.PIPE, text=True, bufsize=1)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(after)
    process.kill()
    reported, _ = process.communicate()
    # A last line that was cut off was not reported.
    lines = [line.split() for line in reported.splitlines(keepends=True) if line.endswith("\n")]
    return [(word, int(number)) for word, number in lines]
