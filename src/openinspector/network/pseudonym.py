"""Pseudonyms: a snapshot whose account and instance ids are replaced, each always by the same, for bug reports.

Every answer about the network stays the same. Addresses, tags and names stay too.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from openinspector.network.snapshot import Snapshot, snapshot_of

_ACCOUNT: Final = re.compile(rb'(?<=["/:])\d{12}(?=["/:])')
"""An account is a string of its own in an answer, or a part of an ARN."""
_INSTANCE: Final = re.compile(rb"\bi-(?:[0-9a-f]{17}|[0-9a-f]{8})\b")
_ID: Final = re.compile(rb"(?<![0-9A-Za-z])(?:\d{12}|i-(?:[0-9a-f]{17}|[0-9a-f]{8}))(?![0-9A-Za-z])")
"""Anything that may be a known id. One pattern for all: a choice of ten thousand ids would take minutes."""
_AUTHORIZATION: Final = re.compile(rb"Encoded authorization failure message: \S+")
"""EC2 adds to a denial what it knew of the caller, readable with sts:DecodeAuthorizationMessage."""
_TWELVE_DIGITS: Final = re.compile(r"\d{12}")


def pseudonymous(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with ids replaced. The order of ids is kept, so that nothing depends on chance."""
    names = _Names(snapshot)
    return snapshot_of(
        (
            replace(
                document,
                account=names.text(document.account),
                subject=names.text(document.subject),
                content=names.content(document.content),
            )
            for document in snapshot.documents
        ),
        (
            replace(
                gap, account=names.text(gap.account), subject=names.text(gap.subject), reason=names.text(gap.reason)
            )
            for gap in snapshot.gaps
        ),
        snapshot.taken_at,
    )


class _Names:
    """The replacement of every id of a snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        accounts = sorted(set(_accounts(snapshot)))
        instances = sorted({found for one in snapshot.documents for found in _INSTANCE.findall(one.content)})
        self._new = {old: b"%012d" % number for number, old in enumerate(accounts, start=1)}
        self._new |= {old: b"i-%017x" % number for number, old in enumerate(instances, start=1)}

    def content(self, text: bytes) -> bytes:
        """Return bytes with every id replaced."""
        return _ID.sub(lambda found: self._new.get(found.group(), found.group()), _AUTHORIZATION.sub(b"", text))

    def text(self, text: str) -> str:
        """Return text with every id replaced."""
        return self.content(text.encode()).decode()


def _accounts(snapshot: Snapshot) -> Iterator[bytes]:
    for document in snapshot.documents:
        if _TWELVE_DIGITS.fullmatch(document.account):
            yield document.account.encode()
        yield from _ACCOUNT.findall(document.content)
    for gap in snapshot.gaps:
        if _TWELVE_DIGITS.fullmatch(gap.account):
            yield gap.account.encode()
        yield from _ACCOUNT.findall(gap.reason.encode())
