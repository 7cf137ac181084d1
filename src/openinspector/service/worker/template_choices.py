"""TemplateChoices: what a template's users chose for its evaluations: waivers and a tailoring."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from openinspector.model.arn import TemplateArn, WaiverArn
from openinspector.model.tailoring import AS_PUBLISHED, Tailoring
from openinspector.model.waiver import Waiver, WaiverEnd
from openinspector.service.ports.record_store import TailoringStore, WaiverStore


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateChoices:
    """Reads the choices of templates, and records where waivers ended."""

    waivers: WaiverStore
    tailorings: TailoringStore

    def waivers_of(self, template: TemplateArn) -> tuple[Waiver, ...]:
        """Return the waivers of a template."""
        return tuple(record.waiver for record in self.waivers.of_templates([template]))

    def tailoring_of(self, template: TemplateArn) -> Tailoring:
        """Return the tailoring that is in force for a template."""
        held = self.tailorings.get(template)
        return held.tailoring if held else AS_PUBLISHED

    def end(self, ends: Iterable[tuple[Waiver, WaiverEnd]]) -> None:
        """Record that waivers ended on hosts; a waiver that was deleted meanwhile is skipped."""
        for waiver, end in ends:
            self._end(WaiverArn(waiver.id), end)

    def _end(self, arn: WaiverArn, end: WaiverEnd) -> None:
        while (held := self.waivers.get(arn)) is not None and held.waiver.end_on(end.agent_id) is None:
            changed = replace(held, waiver=replace(held.waiver, ends=(*held.waiver.ends, end)))
            # If another host's end intervened, add this one to the new state.
            if self.waivers.replace(held, changed):
                return
