"""Tailorings of templates: variables of benchmarks, switched-off controls, and the waivers of the same file."""

from collections.abc import Iterable
from dataclasses import dataclass

from openinspector.cis.tailoring_file import TailoringError, checked
from openinspector.model.tailoring import Tailoring, TemplateTailoring
from openinspector.service.app import arguments
from openinspector.service.app.errors import InvalidInput
from openinspector.service.app.waivers import NewWaiver, Waivers
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.record_store import RecordExistsError, TailoringStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Tailorings:
    """Sets, returns and deletes the tailoring of a template."""

    tailorings: TailoringStore
    waivers: Waivers
    assessments: AssessmentStore
    clock: Clock

    def put(
        self, template_arn: str, tailoring: Tailoring, waivers: Iterable[NewWaiver] | None = None
    ) -> TemplateTailoring:
        """Replace the tailoring of a template, and the waivers from its file unless they are None.

        InvalidInput, NoSuchEntity, LimitExceeded.
        """
        template = arguments.existing_template(self.assessments, template_arn).arn
        try:
            checked(tailoring)
        except TailoringError as error:
            raise InvalidInput("INVALID_ATTRIBUTE", f"{error}.") from error
        if waivers is not None:
            self.waivers.replace_file(template, waivers)
        made = TemplateTailoring(template_arn=template, changed_at=self.clock.now(), tailoring=tailoring)
        while True:
            try:
                self.tailorings.add(made)
            except RecordExistsError:
                held = self.tailorings.get(template)
                if held is None or not self.tailorings.replace(held, made):
                    continue
            return made

    def get(self, template_arn: str) -> TemplateTailoring | None:
        """Return the tailoring of a template; None if it is as published. InvalidInput, NoSuchEntity."""
        return self.tailorings.get(arguments.existing_template(self.assessments, template_arn).arn)

    def delete(self, template_arn: str) -> None:
        """Return a template to the benchmarks as published; waivers stay. InvalidInput, NoSuchEntity."""
        self.tailorings.delete(arguments.existing_template(self.assessments, template_arn).arn)
