"""Laws of bodies: rendering is total and within the API's bounds, and bodies survive their stored form."""

from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from openinspector.engine.bounds import MAX_ATTRIBUTES, MAX_KEY, MAX_TEXT, MAX_VALUE
from openinspector.engine.finding_text import finding_text
from openinspector.model.asset import AssetAttributes
from openinspector.model.finding import AnyBody, Attribute, Finding, VulnerablePackages
from openinspector.testing import model_builders as builders
from openinspector.testing.body_strategies import bodies

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def finding_of(body: AnyBody, agent_id: str = "i-1") -> Finding:
    return msgspec.structs.replace(
        builders.finding(1, body=body),
        asset=AssetAttributes(agent_id=agent_id),
        attributes=(Attribute(key="INSTANCE_ID", value=agent_id),),
    )


@given(bodies(), st.text(max_size=40))
def test_every_body_has_texts_within_the_bounds(body: AnyBody, agent_id: str) -> None:
    text = finding_text(finding_of(body, agent_id))
    for part in (text.title, text.description, text.recommendation):
        assert len(part) <= MAX_TEXT
        assert "\x1b" not in part
    assert len(text.attributes) <= MAX_ATTRIBUTES
    for attribute in text.attributes:
        assert len(attribute.key) <= MAX_KEY
        assert len(attribute.value or "") <= MAX_VALUE


@given(bodies())
def test_bodies_survive_their_stored_form(body: AnyBody) -> None:
    stored = msgspec.json.encode(body)
    assert msgspec.json.decode(stored, type=AnyBody) == body
    assert msgspec.json.encode(msgspec.json.decode(stored, type=AnyBody)) == stored


@given(bodies())
def test_a_body_is_rendered_alike_on_every_host_but_for_its_id(body: AnyBody) -> None:
    first, second = (finding_text(finding_of(body, agent)) for agent in ("⟨one⟩", "⟨two⟩"))
    assert first.title.replace("⟨one⟩", "⟨two⟩") == second.title
    assert first.description.replace("⟨one⟩", "⟨two⟩") == second.description
    assert first.evidence.replace("⟨one⟩", "⟨two⟩") == second.evidence


@given(bodies(VulnerablePackages))
def test_no_attribute_of_packages_ends_in_the_middle_of_a_name(body: AnyBody) -> None:
    assert isinstance(body, VulnerablePackages)
    names = {one.package.name for one in body.packages}
    shown = [a.value for a in finding_text(finding_of(body)).attributes if a.key == "package_name"]
    omitted = [a.value for a in finding_text(finding_of(body)).attributes if a.key == "PACKAGES_OMITTED"]
    assert omitted or len(set(shown)) == len(names)
