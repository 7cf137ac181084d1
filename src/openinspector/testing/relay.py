"""Relays connections between two places, ``tcp:PORT`` of loopback or ``unix:PATH``: into a network namespace."""

import asyncio
import contextlib
import sys

_CHUNK = 65536


async def relay(listen: str, target: str) -> None:
    """Accept connections at ``listen`` and pass their bytes to ``target`` and back, until canceled."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass the bytes of one connection on, both ways."""
        with contextlib.suppress(OSError):
            far_reader, far_writer = await _connect(target)
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))

    kind, _, place = listen.partition(":")
    if kind == "unix":
        server = await asyncio.start_unix_server(serve, place)
    else:
        server = await asyncio.start_server(serve, "127.0.0.1", int(place))
    async with server:
        await server.serve_forever()


async def _connect(target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    kind, _, place = target.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(place)
    return await asyncio.open_connection("127.0.0.1", int(place))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()


if __name__ == "__main__":
    asyncio.run(relay(sys.argv[1], sys.argv[2]))
