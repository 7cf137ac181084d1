"""The kinds of record that the wire carries, found in the modules of `openinspector.model`."""

from collections.abc import Mapping
from typing import Final

from openinspector.model.record import Record
from openinspector.plugins import subclasses

_MODULES: Final = ("activity", "configuration", "hardening", "inventory", "windows")
"""The modules that define records. Commands evaluate without the others, whose import takes time."""

RECORD_KINDS: Final[Mapping[str, type[Record]]] = subclasses("openinspector.model", Record, _MODULES)
"""Every kind of record by its name on the wire, in name order."""
