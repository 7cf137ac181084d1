import re

from hypothesis import given
from hypothesis import strategies as st

from openinspector.engine.quotation import MAX_QUOTATION, quotation

CHANGELOG = """\
* Backport fixes:
  + parser: read within bounds.
    (CVE-2026-0001)
* CVE-2026-0002: use after free in the
  decoder (Closes: #1000001)
* CVE-2026-00020: unrelated, with a longer id
- New upstream version fixes CVE-2026-0003 and CVE-2026-0001"""


def test_the_items_that_name_the_cve_are_quoted_whole() -> None:
    assert quotation(CHANGELOG, "CVE-2026-0002") == "* CVE-2026-0002: use after free in the decoder (Closes: #1000001)"
    assert quotation(CHANGELOG, "CVE-2026-0001") == (
        "+ parser: read within bounds. (CVE-2026-0001)\n- New upstream version fixes CVE-2026-0003 and CVE-2026-0001"
    )


def test_text_about_other_cves_only_is_not_quoted() -> None:
    assert quotation(CHANGELOG, "CVE-2026-0009") == ""


def test_text_without_a_cve_or_about_this_one_alone_is_quoted_whole() -> None:
    assert quotation("A flaw in the parser.\nUpgrade.", "CVE-2026-0001") == "A flaw in the parser.\nUpgrade."
    assert quotation("Fixes CVE-2026-0001.\nThanks.", "CVE-2026-0001") == "Fixes CVE-2026-0001.\nThanks."


@given(st.text(), st.sampled_from(["CVE-2026-0001", "DSA-1-1", ""]))
def test_quotations_are_bounded(text: str, identity: str) -> None:
    assert len(quotation(text * 100, identity)) <= MAX_QUOTATION


@given(st.lists(st.sampled_from(["CVE-2026-1", "CVE-2026-10", "-", "_", " ", "x", "\u00e9", "(", "\n* "])).map("".join))
def test_an_id_is_named_where_a_word_boundary_surrounds_it(text: str) -> None:
    text += "\n* CVE-2026-77777"
    named = re.compile(r"(?<![\w-])CVE-2026-1(?![\w-])")
    assert bool(quotation(text, "CVE-2026-1")) == bool(named.search(text))
