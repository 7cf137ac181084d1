import http.client
import socket
import subprocess
from pathlib import Path

import pytest

from openinspector.testing.connect_proxy import ConnectProxy
from openinspector.testing.simulated_gateway import SimulatedGateway


def test_only_connect_is_accepted() -> None:
    with ConnectProxy() as proxy:
        asked = http.client.HTTPConnection(str(proxy.address), timeout=5)
        asked.request("GET", "http://169.254.169.254/latest/meta-data/")
        assert asked.getresponse().status == 405
        asked.close()
    assert proxy.refused == ["GET http://169.254.169.254/latest/meta-data/ HTTP/1.1"]
    assert proxy.tunnels == []


@pytest.mark.parametrize(("user", "status"), [("a:b", 0), ("a:c", 56), (None, 56)])
def test_curl_accepts_the_proxy(tmp_path: Path, user: str | None, status: int) -> None:
    with SimulatedGateway(tmp_path) as gateway, ConnectProxy("a:b") as proxy:
        command = ["curl", "-sS", "-x", f"http://{proxy.address}", "--cacert", str(gateway.ca_file), "--noproxy", ""]
        command += ["--proxy-user", user] if user else []
        done = subprocess.run(
            [*command, "-d", "", f"{gateway.url}/agent/v1/challenge"], capture_output=True, check=False
        )
        assert done.returncode == status, done.stderr
        assert len(proxy.tunnels) == (1 if status == 0 else 0)


def test_stops_with_its_context() -> None:
    with ConnectProxy() as proxy:
        address = proxy.address
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((address.host, address.port), timeout=5)
