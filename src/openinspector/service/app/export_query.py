"""ExportQuery: the findings to export, as the link to them contains it."""

import base64
from typing import Final, Literal

import msgspec

from openinspector.model.finding import Severity
from openinspector.service.app.errors import InvalidInput

ExportFormat = Literal["CSV", "JSON"]
_LONGEST: Final = 6000
"""Longest query in a link, in characters."""


class ExportQuery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Findings to export, as a link contains them."""

    format: ExportFormat
    run: str
    severities: tuple[Severity, ...] = ()
    rule_names: tuple[str, ...] = ()
    agent_ids: tuple[str, ...] = ()
    rules_package_arns: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Return the query as a part of a URL; InvalidInput if it is too long."""
        text = base64.urlsafe_b64encode(msgspec.json.encode(self)).decode()
        if len(text) > _LONGEST:
            raise InvalidInput("INVALID_ATTRIBUTE", "The filter is too long for a link: name fewer rules or agents.")
        return text


def parse_export_query(text: str) -> ExportQuery:
    """Return the query of a link whose signature is good."""
    return msgspec.json.decode(base64.urlsafe_b64decode(text), type=ExportQuery)
