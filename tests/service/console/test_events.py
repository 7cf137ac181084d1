"""Changes are announced to open pages, once each, also those that happened while a page was not connected."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from tests.service.console.console_world import ConsoleWorld, open_console

from openinspector.model.errors import StoreError
from openinspector.service.console import events
from openinspector.service.console.browser import COOKIE
from openinspector.service.console.events import Events, State, changed, event, parse_id
from openinspector.service.console.routes import read_state
from openinspector.service.ports.user_store import ConsoleRole
from openinspector.testing import model_builders as builders


class Stage:
    """A state that tests change, and a clock that jumps over every pause."""

    def __init__(self, world: ConsoleWorld) -> None:
        self.world = world
        self.state: dict[str, str] = {"runs": "1", "hosts": "1"}
        self.fails = False
        self.seconds = 0.0
        self.events = Events(world.users, self.read, lambda: self.seconds, self.jump)

    async def jump(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)

    def read(self) -> State:
        if self.fails:
            raise StoreError("down")
        return dict(self.state)

    def request(self, last: str = "", site: str = "same-origin", session: str | None = None) -> Request:
        cookie = self.world.sessions[ConsoleRole.VIEWER] if session is None else session
        headers = {"sec-fetch-site": site, "cookie": f"{COOKIE}={cookie}", "last-event-id": last}
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        return Request({"type": "http", "headers": pairs, "query_string": b"", "method": "GET"})

    async def open(self, last: str = "") -> AsyncIterator[str]:
        response = await self.events.answer(self.request(last))
        assert isinstance(response, StreamingResponse)
        return (str(part) async for part in response.body_iterator)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(open_console(tmp_path))


def topics(part: str) -> list[str]:
    found: list[str] = json.loads(part.partition("data: ")[2])
    return found


def run(play: Callable[[], Any]) -> None:
    asyncio.run(play())


def test_a_change_is_announced_once(stage: Stage) -> None:
    async def play() -> None:
        stream = await stage.open()
        assert topics(await anext(stream)) == []
        stage.state["runs"] = "2"
        assert topics(await anext(stream)) == ["runs"]
        assert await anext(stream) == ":\n\n"

    run(play)


def test_a_change_during_a_break_is_announced_at_once(stage: Stage) -> None:
    """Also by another process, which has not seen the stream before."""

    async def play() -> None:
        last = (await anext(await stage.open())).partition("\n")[0].removeprefix("id: ")
        stage.state["hosts"] = "2"
        again = Stage(stage.world)
        again.state = stage.state
        assert topics(await anext(await again.open(last))) == ["hosts"]

    run(play)


def test_a_failing_store_ends_no_stream(stage: Stage) -> None:
    async def play() -> None:
        stream = await stage.open()
        await anext(stream)
        stage.fails = True
        assert await anext(stream) == ":\n\n"
        stage.fails = False
        stage.state["runs"] = "3"
        assert topics(await anext(stream)) == ["runs"]

    run(play)


def test_a_stream_ends(stage: Stage) -> None:
    async def play() -> None:
        parts = [part async for part in await stage.open()]
        assert len(parts) > 1
        assert stage.seconds >= events.STREAM_SECONDS

    run(play)


def test_streams_are_bounded(stage: Stage) -> None:
    async def play() -> None:
        streams = [await stage.open() for _ in range(events.MOST_STREAMS)]
        for stream in streams:
            await anext(stream)
        assert (await stage.events.answer(stage.request())).status_code == 503

    run(play)


@pytest.mark.parametrize(("site", "session", "status"), [("cross-site", None, 403), ("same-origin", "x", 401)])
def test_others_get_no_stream(stage: Stage, site: str, session: str | None, status: int) -> None:
    async def play() -> Response:
        return await stage.events.answer(stage.request(site=site, session=session))

    assert asyncio.run(play()).status_code == status


def test_an_id_names_its_state() -> None:
    state = {"runs": "ab", "hosts": "cd"}
    named = event(state, ()).partition("\n")[0].removeprefix("id: ")
    assert parse_id(named) == state
    assert changed(parse_id("nonsense,:,x:"), state) == ("runs", "hosts")


def test_topics_of_the_installation(tmp_path: Path) -> None:
    """A host that arrives and a run that starts change their topics."""
    built = open_console(tmp_path).built
    before = read_state(built.services)
    built.heartbeat(1)
    assert changed(before, arrived := read_state(built.services)) == ("hosts",)
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(builders.template())
    built.stores.assessments.add_run(builders.run(), ())
    assert changed(arrived, read_state(built.services)) == ("runs",)
