"""Behaviour that schedules and webhooks of a template share; each store's own suite tests the rest."""

from sqlalchemy import Engine, insert

from openinspector.model.arn import TargetArn, TemplateArn, webhook_arn
from openinspector.service.ports.page import PageRequest
from openinspector.service.stores import below_template
from openinspector.service.stores.engine import writing
from openinspector.service.stores.schema import WEBHOOK
from openinspector.testing.model_builders import moment, target

FIRST = TemplateArn(f"{target(1).arn}/template/0-a_")
NAMED_ALIKE = TemplateArn(f"{target(1).arn}/template/0-ab")
ELSEWHERE = TemplateArn(f"{target(2).arn}/template/0-a_")


def add(engine: Engine, *templates: TemplateArn) -> None:
    rows = [
        {
            "arn": webhook_arn(template, "0-1"),
            "template_arn": template,
            "url": "https://receiver.example/",
            "events": (),
            "created_at": moment(1),
            "sealed_secret": b"",
        }
        for template in templates
    ]
    with writing(engine) as connection:
        connection.execute(insert(WEBHOOK), rows)


def test_only_what_is_below_goes(engine: Engine) -> None:
    """The wildcard of LIKE in a template's name is a character, and a name may begin as another does."""
    add(engine, FIRST, NAMED_ALIKE, ELSEWHERE)
    assert below_template.delete_below(engine, WEBHOOK, FIRST) == 1
    assert below_template.templates(engine, WEBHOOK) == [NAMED_ALIKE, ELSEWHERE]
    assert below_template.delete_below(engine, WEBHOOK, TargetArn(target(1).arn)) == 1
    assert below_template.templates(engine, WEBHOOK) == [ELSEWHERE]


def test_one_is_deleted_once(engine: Engine) -> None:
    add(engine, FIRST)
    assert below_template.delete_one(engine, WEBHOOK, webhook_arn(FIRST, "0-1"))
    assert not below_template.delete_one(engine, WEBHOOK, webhook_arn(FIRST, "0-1"))


def test_a_page_is_of_one_template_or_of_all(engine: Engine) -> None:
    add(engine, FIRST, ELSEWHERE)
    page = PageRequest(limit=10)
    listed = [
        below_template.list_page(engine, WEBHOOK, template, page, lambda row: row.template_arn).rows
        for template in (None, ELSEWHERE, NAMED_ALIKE)
    ]
    assert listed == [[FIRST, ELSEWHERE], [ELSEWHERE], []]
