"""The TUF client conformance protocol over the agent's real update client, so that a public suite can judge it.

``python -m openinspector.testing.tuf_conformance`` takes

    --metadata-dir D init ROOT
    --metadata-dir D --metadata-url U refresh
    --metadata-dir D --metadata-url U --target-name N --target-base-url B --target-dir T download

``--target-name`` may be repeated: one updater downloads the targets in that order, so later ones use the metadata that
earlier ones loaded. The first target that is refused ends the command.

Exit status 0 if done, 1 if refused. Client, fetcher and limits are the agent's, with two differences that the public
suite needs: plain http, to a loopback address only, and delegations.
"""

import argparse
import ipaddress
import shutil
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tuf.ngclient import Updater

from openinspector.agent.connection.http_connection import HttpConnection
from openinspector.agent.operation.update_outcome import UpdateError
from openinspector.agent.update.fetcher import Origin, OriginFetcher
from openinspector.agent.update.release_client import bounds, refusing

DELEGATIONS: Final = 32
_TIMEOUT: Final = 20.0
_HTTP_PORT: Final = 80


class NotLoopbackError(ValueError):
    """Plain http to another machine."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command of the protocol and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        _COMMANDS[options.command](options)
    except (UpdateError, OSError, NotLoopbackError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _init(options: argparse.Namespace) -> None:
    options.metadata_dir.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(options.root, options.metadata_dir / "root.json")


def _refresh(options: argparse.Namespace) -> None:
    with refusing():
        _client(options, None).refresh()


def _download(options: argparse.Namespace) -> None:
    options.target_dir.mkdir(parents=True, exist_ok=True)
    with refusing():
        client = _client(options, options.target_base_url)
        for name in options.target_name:
            target = client.get_targetinfo(name)
            if target is None:
                raise ValueError(f"{name} is not signed")
            if client.find_cached_target(target) is None:
                client.download_target(target)


def _client(options: argparse.Namespace, target_url: str | None) -> Updater:
    origin = _loopback(options.metadata_url)
    if target_url is not None and _loopback(target_url).netloc != origin.netloc:
        raise NotLoopbackError("metadata and targets must be of one server, as in the agent")
    # What `init` put there is what a package embeds; a later root is found in the folder beside it.
    root = (options.metadata_dir / "root.json").read_bytes()
    return Updater(
        str(options.metadata_dir),
        options.metadata_url,
        str(options.target_dir) if target_url else None,
        target_url,
        fetcher=OriginFetcher(origin, time.monotonic),
        config=bounds(DELEGATIONS),
        bootstrap=root,
    )


def _loopback(url: str) -> Origin:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _HTTP_PORT
    if parts.scheme != "http" or not (host == "localhost" or _is_loopback(host)):
        raise NotLoopbackError(f"{url[:200]} is not http on a loopback address")

    def connect() -> HttpConnection:
        return HttpConnection(socket.create_connection((host, port), timeout=_TIMEOUT), parts.netloc)

    return Origin(scheme=parts.scheme, netloc=parts.netloc, connect=connect)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tuf-conformance", description="The TUF client conformance protocol.")
    parser.add_argument("--metadata-dir", type=Path, required=True)
    parser.add_argument("--metadata-url")
    parser.add_argument("--target-name", action="append", default=[])
    parser.add_argument("--target-base-url")
    parser.add_argument("--target-dir", type=Path)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("init").add_argument("root", type=Path)
    commands.add_parser("refresh")
    commands.add_parser("download")
    return parser


_COMMANDS: Final[dict[str, Callable[[argparse.Namespace], None]]] = {
    "init": _init,
    "refresh": _refresh,
    "download": _download,
}

if __name__ == "__main__":
    sys.exit(main())
