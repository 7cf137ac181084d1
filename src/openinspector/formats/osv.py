"""Records of the OSV schema (https://ossf.github.io/osv-schema/), as distributions publish them.

Rules:

- A range of type ECOSYSTEM is a list of events. Each ``introduced`` begins an affected stretch, ``fixed`` ends it with
  a fix; a stretch without an end has no fix. ``last_affected`` names no fix and is counted as not parsed.
- ``versions`` enumerates the versions of the ranges and is not read: it may be most of a record's bytes.
- A withdrawn record is ignored.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from openinspector.feed import Document, Unparsed
from openinspector.formats.cvss_vector import score_of
from openinspector.model.advisory import Score


class Event(msgspec.Struct, frozen=True):
    """One event of a range."""

    introduced: str = ""
    fixed: str = ""
    last_affected: str = ""


class Range(msgspec.Struct, frozen=True):
    """Stretches of affected versions."""

    type: str = ""
    events: tuple[Event, ...] = ()


class OsvPackage(msgspec.Struct, frozen=True):
    """A package of one ecosystem."""

    name: str = ""
    ecosystem: str = ""
    purl: str = ""


class Binary(msgspec.Struct, frozen=True):
    """A binary package, as Ubuntu lists them."""

    name: str = msgspec.field(name="binary_name", default="")


class EcosystemSpecific(msgspec.Struct, frozen=True):
    """Ecosystem-specific fields: those of Ubuntu."""

    ubuntu_priority: str = ""
    binaries: tuple[Binary, ...] = ()


class OsvSeverity(msgspec.Struct, frozen=True):
    """A rating: its kind and a CVSS vector or a word."""

    type: str = ""
    score: str = ""


class Affected(msgspec.Struct, frozen=True):
    """One package and its ranges."""

    package: OsvPackage = OsvPackage()
    ranges: tuple[Range, ...] = ()
    ecosystem_specific: EcosystemSpecific | None = None


class Reference(msgspec.Struct, frozen=True):
    """A link."""

    url: str = ""


class OsvRecord(msgspec.Struct, frozen=True):
    """One record."""

    id: str
    summary: str = ""
    details: str = ""
    affected: tuple[Affected, ...] = ()
    related: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    severity: tuple[OsvSeverity, ...] = ()
    published: str = ""
    modified: str = ""
    withdrawn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Affected versions: from ``introduced`` (empty: from the beginning) until ``fixed`` (empty: without end)."""

    introduced: str = ""
    fixed: str = ""


_DECODER: Final = msgspec.json.Decoder(OsvRecord)


def decode(document: Document) -> OsvRecord | Unparsed:
    """Return the record of a document, or the reason why it is not one."""
    try:
        return _DECODER.decode(document.content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return Unparsed(document=document.source.name, entry="", reason=f"not an OSV record: {error}")


def scores(record: OsvRecord, origin: str) -> tuple[Score, ...]:
    """Return the scores of a record, computed from its vectors."""
    found = (score_of(rating.score, origin) for rating in record.severity if rating.type.startswith("CVSS_"))
    return tuple(dict.fromkeys(score for score in found if score is not None))


def stretches(span: Range) -> Iterator[Stretch | None]:
    """Yield the affected stretches of a range; None for an event that could not be parsed."""
    opened: str | None = None
    for event in span.events:
        if event.introduced:
            opened = "" if event.introduced == "0" else event.introduced
        elif event.fixed and opened is not None:
            yield Stretch(introduced=opened, fixed=event.fixed)
            opened = None
        else:
            yield None
            opened = None
    if opened is not None:
        yield Stretch(introduced=opened)
