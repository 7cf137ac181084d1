"""apk's order: ``digits{.digits}[letter]{_suffix[number]}[~hash][-r#]``, as apk-tools' ``version.c`` defines it.

Tokens compare one by one. If two versions have different tokens, the next token decides, in this order: a pre-release
suffix (``_alpha _beta _pre _rc``), text that is invalid in apk, nothing, ``-r``, ``~hash``, a suffix's number, a
post-release suffix (``_cvs _svn _git _hg _p``), a letter, ``.digits``.

A component after the first that begins with 0 compares as text, like ``1.01`` and ``1.1`` in Gentoo; it therefore sorts
before every component without a leading 0. Parsing stops at invalid text.
"""

import re
from typing import Final

from openinspector.version import VersionScheme, number_key

_SUFFIXES: Final = {
    b"_alpha": b"\x01",
    b"_beta": b"\x02",
    b"_pre": b"\x03",
    b"_rc": b"\x04",
    b"_cvs": b"\x0a",
    b"_svn": b"\x0b",
    b"_git": b"\x0c",
    b"_hg": b"\x0d",
    b"_p": b"\x0e",
}
_INVALID: Final = b"\x05"
_END: Final = b"\x06"
_REVISION: Final = b"\x07"
_HASH: Final = b"\x08"
_SUFFIX_NUMBER: Final = b"\x09"
_LETTER: Final = b"\x10"
_COMPONENT: Final = b"\x11"
_STARTS: Final = b"\x12"

_VERSION: Final = re.compile(
    rb"(?P<first>[0-9]+)(?P<components>(?:\.[0-9]+)*)(?P<letter>[a-z]?)"
    rb"(?P<suffixes>(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)(?![a-z])[0-9]*)*)(?P<hash>(?:~[0-9a-f]+)?)"
    rb"(?P<revision>(?:-r[0-9]+)?)"
)
_SUFFIX: Final = re.compile(rb"(_[a-z]+)([0-9]*)")


def key(text: str) -> bytes:
    """Return the sort key of any text."""
    raw = text.encode("utf-8", "surrogatepass")
    found = _VERSION.match(raw)
    if found is None:
        return _INVALID
    first, components, letter, suffixes, commit, revision = found.groups()
    pieces = [_STARTS, number_key(first)]
    for component in components.split(b".")[1:]:
        pieces += (_COMPONENT, _component_key(component))
    if letter:
        pieces += (_LETTER, letter)
    for suffix, number in _SUFFIX.findall(suffixes):
        pieces.append(_SUFFIXES[suffix])
        if number:
            pieces += (_SUFFIX_NUMBER, number_key(number))
    if commit:
        pieces += (_HASH, commit, b"\x00")
    if revision:
        pieces += (_REVISION, number_key(revision[2:]))
    pieces.append(_END if found.end() == len(raw) else _INVALID)
    return b"".join(pieces)


def is_valid(text: str) -> bool:
    """Return True if apk accepts ``text`` as a version."""
    return _VERSION.fullmatch(text.encode("utf-8", "surrogatepass")) is not None


def _component_key(digits: bytes) -> bytes:
    if digits.startswith(b"0"):
        return b"\x00" + digits + b"\x00"
    return number_key(digits)


SCHEME: Final = VersionScheme(name="apk", key=key, is_valid=is_valid)
