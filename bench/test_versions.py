"""How many sort keys a second, on versions that packages really have."""

import json
import lzma
import os
import time
from pathlib import Path

import pytest

from openinspector.testing.match_builders import version_schemes

SHARED = Path(os.environ.get("OPENINSPECTOR_SHARED", Path(__file__).resolve().parent.parent.parent / "shared"))
HOSTS = {"dpkg": "ubuntu_2404", "rpm": "alma_9", "apk": "alpine_319"}
ROUNDS = 5
LEAST = 100_000

pytestmark = pytest.mark.shared


def versions(name: str) -> list[str]:
    scan = json.loads(lzma.decompress((SHARED / "data" / "inventories" / f"{name}.json.xz").read_bytes()))
    found = ["-".join(filter(None, (entry["version"], entry["release"]))) for entry in scan["packages"].values()]
    return found * (1 + LEAST // len(found))


@pytest.mark.parametrize("scheme", HOSTS)
def test_sort_keys_a_second(scheme: str) -> None:
    texts = versions(HOSTS[scheme])
    key = version_schemes()[scheme].key
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for text in texts:
            key(text)
        best = min(best, time.perf_counter() - start)
    print(f"\n{scheme}: {len(texts) / best:,.0f} keys/s ({len(texts):,} keys, best of {ROUNDS})")
