"""``GET /console/events``: server-sent events that name what has changed (WHATWG HTML, section 9.2).

An event has the topics that changed, not their content: pages ask the API again, with its authorization. Its id is the
state of every topic. A browser sends the last id when it connects again, to this process or another, and is notified at
once which topics have changed meanwhile.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from openinspector.model.errors import StoreError
from openinspector.service.app.users import Users
from openinspector.service.console.browser import HEADERS, session_of

State = Mapping[str, str]
"""Topic → digest of its state."""
READ_SECONDS: Final = 2
COMMENT_SECONDS: Final = 15
"""Proxies close a connection without traffic."""
STREAM_SECONDS: Final = 300
"""Longest stream: the session is checked when the browser connects again."""
MOST_STREAMS: Final = 200
_ID: Final = "last-event-id"
_TOO_MANY: Final = 503
_FORBIDDEN: Final = 403
_UNAUTHORIZED: Final = 401


def digest_of(items: Iterable[object]) -> str:
    """Return a short digest of the state of a topic."""
    return hashlib.sha256(json.dumps(sorted(map(str, items))).encode()).hexdigest()[:12]


class Events:
    """Streams of changes. The state is read once for all streams of the process."""

    def __init__(
        self,
        users: Users,
        read: Callable[[], State],
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._users = users
        self._read = read
        self._clock = clock
        self._pause = pause
        self._lock = asyncio.Lock()
        self._known: State = {}
        self._read_at = float("-inf")
        self._open = 0

    async def answer(self, request: Request) -> Response:
        """Answer with a stream for a signed-in user; 503 if there are too many."""
        if request.headers.get("sec-fetch-site") != "same-origin":
            return PlainTextResponse("", _FORBIDDEN, HEADERS)
        if await run_in_threadpool(self._users.user_of_session, session_of(request)) is None:
            return PlainTextResponse("", _UNAUTHORIZED, HEADERS)
        if self._open >= MOST_STREAMS:
            return PlainTextResponse("", _TOO_MANY, HEADERS)
        last = request.headers.get(_ID) or request.query_params.get("last", "")
        return StreamingResponse(self._stream(parse_id(last)), media_type="text/event-stream", headers=HEADERS)

    async def _stream(self, seen: State) -> AsyncIterator[str]:
        self._open += 1
        try:
            ends = self._clock() + STREAM_SECONDS
            now = await self._state()
            yield event(now, changed(seen, now) if seen else ())
            seen, sent_at = now, self._clock()
            while self._clock() < ends:
                await self._pause(READ_SECONDS)
                now = await self._state()
                if topics := changed(seen, now):
                    seen, sent_at = now, self._clock()
                    yield event(now, topics)
                elif self._clock() - sent_at >= COMMENT_SECONDS:
                    sent_at = self._clock()
                    yield ":\n\n"
        finally:
            self._open -= 1

    async def _state(self) -> State:
        async with self._lock:
            if self._clock() - self._read_at >= READ_SECONDS:
                # If the store fails, the state before stays: a later reading finds the change.
                with suppress(StoreError):
                    self._known = await run_in_threadpool(self._read)
                self._read_at = self._clock()
            return self._known


def changed(before: State, now: State) -> tuple[str, ...]:
    """Return the topics whose state differs."""
    return tuple(topic for topic, state in now.items() if before.get(topic) != state)


def event(state: State, topics: Iterable[str]) -> str:
    """Return an event on the wire."""
    name = ",".join(f"{topic}:{digest}" for topic, digest in state.items())
    return f"id: {name}\ndata: {json.dumps(list(topics))}\n\n"


def parse_id(text: str) -> State:
    """Return the state that an id names; empty for none, or for one that is malformed."""
    pairs = (part.partition(":") for part in text[:500].split(",") if ":" in part)
    return {topic: digest for topic, _, digest in pairs}
