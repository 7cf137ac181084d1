"""Version comparison step by step, as the vendors' C code goes: twins of the sort keys, for differential tests.

`compare_dpkg` follows dpkg's ``verrevcmp`` (lib/dpkg/version.c), `compare_rpm` rpm's ``rpmvercmp`` and ``rpmverCmp``
(rpmio/rpmvercmp.c, lib/rpmver.c), `compare_alpm` libalpm's ``rpmvercmp`` (lib/libalpm/version.c). They walk two texts
at once and build nothing.
"""

from itertools import takewhile

_DIGITS = frozenset("0123456789")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

_NOT_ALPM = "".join(chr(code) for code in range(128) if chr(code) not in _DIGITS | _LETTERS)


def compare_dpkg(first: str, second: str) -> int:
    """Return -1, 0 or 1 by dpkg's order."""
    a, b = _split_dpkg(first), _split_dpkg(second)
    if a[0] != b[0]:
        return _sign(a[0], b[0])
    return _compare_dpkg_part(a[1], b[1]) or _compare_dpkg_part(a[2], b[2])


def compare_rpm(first: str, second: str) -> int:
    """Return -1, 0 or 1 by rpm's order; an absent release is older than any."""
    a, b = _split_rpm(first), _split_rpm(second)
    if a[0] != b[0]:
        return _sign(a[0], b[0])
    decided = _compare_rpm_part(a[1], b[1])
    if decided:
        return decided
    if a[2] is None or b[2] is None:
        return _sign(a[2] is not None, b[2] is not None)
    return _compare_rpm_part(a[2], b[2])


def compare_alpm(first: str, second: str) -> int:
    """Return -1, 0 or 1 by pacman's order."""
    a, b = _split_rpm(first), _split_rpm(second)
    decided = _sign(a[0], b[0]) or _compare_alpm_part(a[1], b[1])
    return decided if decided or a[2] is None or b[2] is None else _compare_alpm_part(a[2], b[2])


def _split_dpkg(text: str) -> tuple[int, str, str]:
    epoch, colon, rest = text.strip().partition(":")
    digits = epoch[1:] if epoch[:1] == "+" or (epoch[:1] == "-" and not epoch[1:].strip("0")) else epoch
    if not colon or not digits or not set(digits) <= _DIGITS:
        digits, rest = "0", text.strip()
    upstream, dash, revision = rest.rpartition("-")
    return (int(digits), upstream, revision) if dash else (int(digits), rest, "")


def _dpkg_order(text: str) -> int:
    character = text[:1]
    if character == "~":
        return -1
    if not character or character in _DIGITS:
        return 0
    return ord(character) if character in _LETTERS else ord(character) + 256


def _compare_dpkg_part(a: str, b: str) -> int:
    while a or b:
        while (a and a[0] not in _DIGITS) or (b and b[0] not in _DIGITS):
            if _dpkg_order(a) != _dpkg_order(b):
                return _sign(_dpkg_order(a), _dpkg_order(b))
            a, b = a[1:], b[1:]
        number, other = _run(a, _DIGITS), _run(b, _DIGITS)
        if int(number or "0") != int(other or "0"):
            return _sign(int(number or "0"), int(other or "0"))
        a, b = a[len(number) :], b[len(other) :]
    return 0


def _split_rpm(text: str) -> tuple[int, str, str | None]:
    digits = _run(text, _DIGITS)
    epoch, rest = (digits, text[len(digits) + 1 :]) if text[len(digits) :].startswith(":") else ("0", text)
    version, dash, release = rest.rpartition("-")
    return (int(epoch or "0"), version, release) if dash else (int(epoch or "0"), rest, None)


def _compare_runs(a: str, b: str) -> tuple[int, str, str]:
    """Compare the first runs of digits or letters as rpm does; return what they decide and what follows them."""
    kind = _DIGITS if a[0] in _DIGITS else _LETTERS
    run, other = _run(a, kind), _run(b, kind)
    if not other:
        return (1 if kind is _DIGITS else -1), a, b
    decided = _sign(int(run), int(other)) if kind is _DIGITS else _sign(run, other)
    return decided, a[len(run) :], b[len(other) :]


def _compare_rpm_part(a: str, b: str) -> int:
    while a or b:
        a, b = _skip_separators(a), _skip_separators(b)
        mark = _compare_marks(a, b)
        if mark is not None:
            if mark:
                return mark
            a, b = a[1:], b[1:]
            continue
        if not (a and b):
            break
        decided, a, b = _compare_runs(a, b)
        if decided:
            return decided
    return _sign(bool(a), bool(b))


def _compare_alpm_part(a: str, b: str) -> int:
    while a and b:
        rest, other_rest = a.lstrip(_NOT_ALPM), b.lstrip(_NOT_ALPM)
        gap, other_gap = len(a) - len(rest), len(b) - len(other_rest)
        a, b = rest, other_rest
        if not (a and b):
            break
        if gap != other_gap:
            return _sign(gap, other_gap)
        decided, a, b = _compare_runs(a, b)
        if decided:
            return decided
    if not a and not b:
        return 0
    return -1 if (not a and b[0] not in _LETTERS) or a[:1] in _LETTERS else 1


def _compare_marks(a: str, b: str) -> int | None:
    """Judge ``~`` and ``^``; None if neither text is at one."""
    if a.startswith("~") or b.startswith("~"):
        return _sign(not a.startswith("~"), not b.startswith("~"))
    if a.startswith("^") or b.startswith("^"):
        if not a or not b:
            return _sign(bool(a), bool(b))
        return _sign(not a.startswith("^"), not b.startswith("^"))
    return None


def _skip_separators(text: str) -> str:
    while text and text[0] not in _DIGITS and text[0] not in _LETTERS and text[0] not in "~^":
        text = text[1:]
    return text


def _run(text: str, kind: frozenset[str]) -> str:
    return "".join(takewhile(kind.__contains__, text))


def _sign(a: int | str, b: int | str) -> int:
    if isinstance(a, str) and isinstance(b, str):
        return (a > b) - (a < b)
    return (int(a) > int(b)) - (int(a) < int(b))
