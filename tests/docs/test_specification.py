"""Facts that the code cites as F3.12 exist in docs/spec; pages for users link to it instead of citing numbers."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPECIFICATION = ROOT / "docs" / "spec" / "inspector-classic.md"
CITED = re.compile(r"\bF\d+\.\d+\b")
USER_PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
USER_PAGES += [*sorted((ROOT / "docs" / "howto").glob("*.md")), *sorted((ROOT / "docs" / "reference").glob("*.md"))]


def defined() -> set[str]:
    return set(re.findall(r"^- \*\*(F\d+\.\d+)\*\*", SPECIFICATION.read_text(), flags=re.MULTILINE))


def cited(folder: str) -> dict[str, str]:
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".md"} and path != SPECIFICATION]
    return {fact: str(path.relative_to(ROOT)) for path in files for fact in CITED.findall(path.read_text())}


def test_every_fact_that_is_cited_is_in_the_specification() -> None:
    facts = defined()
    assert len(facts) > 400
    unknown = {fact: where for folder in ("src", "tests", "docs") for fact, where in cited(folder).items()}
    assert {fact: where for fact, where in unknown.items() if fact not in facts} == {}


def test_pages_for_users_link_to_the_specification() -> None:
    citing = {str(page.relative_to(ROOT)) for page in USER_PAGES if CITED.search(page.read_text())}
    assert citing == set()
