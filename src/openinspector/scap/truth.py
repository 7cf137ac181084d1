"""Results in three values."""

from dataclasses import dataclass

from openinspector.model.errors import OpenInspectorError


class NotKnownError(OpenInspectorError):
    """A fact that the content asks for is absent, or a check is not evaluated; the message names it."""


@dataclass(frozen=True, slots=True)
class Truth:
    """True, false, or None with the reason."""

    value: bool | None
    because: str = ""

    def negated(self, negate: bool) -> "Truth":  # noqa: FBT001 - the content's attribute
        """Return the opposite if ``negate``."""
        return Truth(not self.value, self.because) if negate and self.value is not None else self


def combined(operator: str, parts: "list[Truth]") -> Truth:
    """Combine results by OVAL's tables for AND, OR, ONE and XOR; nothing to combine is not known."""
    values = [part.value for part in parts]
    because = next((part.because for part in parts if part.value is None), "the content has no criteria")
    unknown = None in values or not values
    match operator:
        case "AND":
            value = False if False in values else None if unknown else True
        case "OR":
            value = True if True in values else None if unknown else False
        case "ONE":
            trues = values.count(True)
            value = False if trues > 1 else None if unknown else trues == 1
        case "XOR":
            value = None if unknown else values.count(True) % 2 == 1
        case _:
            return Truth(None, f"the operator {operator} is not evaluated")
    return Truth(value, because if value is None else "")
