"""Streams of rpm distributions by the marks that they put into ids, releases, collections and builds of an update.

One table for every feed that reads updateinfo: a mirror has several distributions, and an update itself shows its
publisher. The address that a document was fetched from is ignored.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from openinspector.formats.updateinfo import Update

_EL: Final = re.compile(r"(?:\.|[._+])el([0-9]+)(?:[._+-]|$)")
_ROCKY: Final = re.compile(r"Rocky Linux ([0-9]+)")
_FEDORA: Final = re.compile(r"Fedora ([0-9]+)")
_FEDORA_TAG: Final = re.compile(r"\.fc([0-9]+)(?:[._+-]|$)")
_EPEL: Final = re.compile(r"EPEL[ -]([0-9]+)", re.IGNORECASE)
_AMAZON: Final = re.compile(r"amazon-linux-(ami|2022|2023|2)(?:---(.+))?")
_AMAZON_ID: Final = re.compile(r"ALAS(2022|2023|2)?([A-Z][A-Z0-9._-]*?)?-[0-9]{4}-[0-9]+")
_LEAP: Final = re.compile(r"openSUSE[- ](?:SLE-|Leap[ -])?(1[56]\.[0-9])")
_SLE: Final = re.compile(r"SLE\S*?-(1[0-9])-SP([0-9])")


def _of_builds(name: str) -> Callable[[Update], str]:
    def stream(update: Update) -> str:
        found = next((match for build in update.builds if (match := _EL.search(build))), None)
        return f"{name}:{found[1]}" if found else ""

    return stream


def rocky(update: Update) -> str:
    """Return the stream of an update of Rocky Linux."""
    found = _ROCKY.search(update.release)
    return f"rocky:{found[1]}" if found else _of_builds("rocky")(update)


def fedora(update: Update) -> str:
    """Return the stream of an update of Fedora."""
    found = _FEDORA.search(update.release) or next(
        (match for build in update.builds if (match := _FEDORA_TAG.search(build))), None
    )
    return f"fedora:{found[1]}" if found else ""


def epel(update: Update) -> str:
    """Return the stream of an update of EPEL."""
    found = _EPEL.search(update.release) or _EPEL.search(update.collection)
    return f"epel:{found[1]}" if found else _of_builds("epel")(update)


def amazon(update: Update) -> str:
    """Return the stream of an update of Amazon Linux: that of its extras topic if it has one."""
    found, named = _AMAZON.fullmatch(update.collection.lower()), _AMAZON_ID.fullmatch(update.id)
    if found is not None:
        version, topic = found[1], found[2] or ""
    elif named is not None:
        version, topic = named[1] or "ami", (named[2] or "").lower()
    else:
        return ""
    topic = "" if topic == "core" else topic
    return f"amzn:{'1' if version == 'ami' else version}" + (f"+{topic}" if topic else "")


def suse(update: Update) -> str:
    """Return the stream of an update of SUSE or openSUSE."""
    text = f"{update.id} {update.release} {update.collection}"
    leap, enterprise = _LEAP.search(text), _SLE.search(text)
    if leap:
        return f"opensuse-leap:{leap[1]}"
    return f"sles:{enterprise[1]}.{enterprise[2]}" if enterprise else ""


almalinux: Final = _of_builds("almalinux")
oracle: Final = _of_builds("ol")
red_hat: Final = _of_builds("rhel")
centos: Final = _of_builds("centos")

_BY_ID: Final[Mapping[str, Callable[[Update], str]]] = MappingProxyType(
    {
        "ALAS": amazon,
        "ALBA": almalinux,
        "ALEA": almalinux,
        "ALSA": almalinux,
        "CEBA": centos,
        "CESA": centos,
        "ELBA": oracle,
        "ELEA": oracle,
        "ELSA": oracle,
        "FEDORA-EPEL": epel,
        "FEDORA": fedora,
        "RHBA": red_hat,
        "RHEA": red_hat,
        "RHSA": red_hat,
        "RLBA": rocky,
        "RLEA": rocky,
        "RLSA": rocky,
        "RXSA": rocky,
        "SUSE": suse,
        "openSUSE": suse,
    }
)


def any_distribution(update: Update) -> str:
    """Return the stream of an update by the prefix of its id; empty for unknown ones."""
    return next((of(update) for start, of in _BY_ID.items() if update.id.startswith(start)), "")
