"""The kinds of record that the wire carries, found in the modules of `openinspector.model`."""

from collections.abc import Mapping
from typing import Final

from openinspector.model.record import Record
from openinspector.plugins import subclasses

RECORD_KINDS: Final[Mapping[str, type[Record]]] = subclasses("openinspector.model", Record)
"""Every kind of record by its name on the wire, in name order."""
