"""The calls of one region, each as the document that the AWS CLI would print."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from openinspector.network.aws.document import SnapshotDocument
from openinspector.network.aws.read_call import IdSource, ReadCall
from openinspector.network.snapshot import FAILED_CALL, UNKNOWN_IDS
from openinspector.service.stores.cloud_aws.sessions import AccountSession

_MAX_ERROR: Final = 500
_TOKENS: Final = ("NextToken", "nextToken")
_MOST_PAGES: Final = 1000
"""Bound on the pages of a call whose token never ends."""
DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
"""Codes of a call that the account's policies do not allow."""
_DENIED_CALLS: Final = tuple(FAILED_CALL + f" ({code})".encode() for code in sorted(DENIED))


class RegionReader:
    """Reads one region of one account in the calling thread."""

    def __init__(self, session: AccountSession, region: str) -> None:
        self._session = session
        self._region = region
        self._clients: dict[str, Any] = {}
        self._unreachable: dict[str, bytes] = {}
        """Error by service that does not answer, so that only its first call waits for it."""
        self._answers: dict[str, list[dict[str, Any]]] = {}
        """Answers that later calls take ids from."""
        self._failed: set[str] = set()
        """Operations that failed for some id."""

    def read(self, calls: Iterable[ReadCall]) -> Iterator[SnapshotDocument]:
        """Yield one document for each call and id. A failed call is a document too."""
        ordered = tuple(calls)
        sources = {call.ids.operation for call in ordered if call.ids is not None}
        for call in ordered:
            if call.ids is not None and call.ids.operation in self._failed:
                # The ids of the answers that did arrive are still read.
                self._failed.add(call.operation)
                yield self._document(call, "", _no_ids(call.ids))
            for subject in self._subjects(call.ids):
                answer = self._answer(call, subject)
                if isinstance(answer, bytes):
                    self._failed.add(call.operation)
                    denied = answer.startswith(_DENIED_CALLS)
                    yield self._document(call, "" if denied else subject, answer)
                    if denied:
                        # The permission is the same for every id.
                        break
                    continue
                if call.operation in sources:
                    self._answers.setdefault(call.operation, []).append(answer)
                yield self._document(call, subject, msgspec.json.encode(answer))

    def _document(self, call: ReadCall, subject: str, content: bytes) -> SnapshotDocument:
        return SnapshotDocument(
            account=self._session.account.id,
            region=self._region,
            operation=call.operation,
            subject=subject,
            content=content,
        )

    def _subjects(self, source: IdSource | None) -> tuple[str, ...]:
        """Return the ids to make a call for; one empty id for a call that takes none."""
        if source is None:
            return ("",)
        items = [item for answer in self._answers.get(source.operation, ()) for item in answer.get(source.items, ())]
        return tuple(dict.fromkeys(str(item[source.id]) for item in items if item.get(source.id)))

    def _answer(self, call: ReadCall, subject: str) -> dict[str, Any] | bytes:
        """Return the answer, or the error as the AWS CLI prints it."""
        if call.service in self._unreachable:
            return self._unreachable[call.service]
        parameters = dict(call.parameters)
        if call.ids is not None:
            parameters[call.ids.parameter] = subject
        try:
            client = self._clients.get(call.service)
            if client is None:
                client = self._clients[call.service] = self._session.client(call.service, self._region)
            return answer_of(client, call, parameters)
        except ClientError as error:
            # botocore's text is that of the AWS CLI: An error occurred (Code) when calling …
            return str(error).encode()
        except ResponseParserError as error:
            # As from a proxy that answers with a page of its own.
            return (FAILED_CALL + f": {error}".encode())[:_MAX_ERROR]
        except BotoCoreError as error:
            failed = self._unreachable[call.service] = FAILED_CALL + f": {error}".encode()
            return failed


def _no_ids(source: IdSource) -> bytes:
    return UNKNOWN_IDS + f", because {source.operation} failed".encode()


def answer_of(client: Any, call: ReadCall, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return all pages of an answer as one, without the response's metadata; ClientError, BotoCoreError."""
    whole: dict[str, Any]
    if client.can_paginate(call.method):
        paging = {"PageSize": call.page_size} if call.page_size else {}
        paginator = client.get_paginator(call.method)
        whole = paginator.paginate(**parameters, PaginationConfig=paging).build_full_result()
    else:
        whole = _pages(getattr(client, call.method), parameters)
    whole.pop("ResponseMetadata", None)
    return whole


def _pages(call: Any, parameters: dict[str, Any]) -> dict[str, Any]:
    """Follow the tokens of an operation that botocore has no paginator for."""
    whole: dict[str, Any] = call(**parameters)
    for _ in range(_MOST_PAGES):
        token = next((name for name in _TOKENS if whole.get(name)), None)
        if token is None:
            return whole
        page = call(**parameters, **{token: whole.pop(token)})
        for key, value in page.items():
            held = whole.get(key)
            whole[key] = [*held, *value] if isinstance(value, list) and isinstance(held, list) else value
    # The token stays in the answer: the model then treats the list as incomplete.
    return whole
