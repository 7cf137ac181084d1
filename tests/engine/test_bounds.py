import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.engine.bounds import fit, fit_attributes
from openinspector.model.finding import Attribute
from openinspector.model.foreign_text import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – é 漢 🎉\n\tnext", "plain – é 漢 🎉\n\tnext"),
        ("\x1b]0;title\x07", "\ufffd]0;title\ufffd"),
        ("a\rb\x00c\x9bd", "a\ufffdb\ufffdc\ufffdd"),
        ("\u202ecod.exe\u2066", "\ufffdcod.exe\ufffd"),
        ("\ud800", "\ufffd"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters(codec=None)), st.integers(1, 50))
def test_fitted_text_can_be_encoded_and_fits(text: str, limit: int) -> None:
    fitted = fit(text, limit)
    fitted.encode()
    assert len(fitted) <= limit
    assert fit(fitted, limit) == fitted


def test_empty_value_becomes_none() -> None:
    assert fit_attributes((Attribute(key="K", value=""), Attribute(key="L"))) == (
        Attribute(key="K"),
        Attribute(key="L"),
    )


def test_fifty_attributes_are_kept() -> None:
    fifty = tuple(Attribute(key=f"K{number}", value="v") for number in range(50))
    assert fit_attributes(fifty) == fifty
