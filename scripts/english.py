"""Checks that the project's prose and names are plain English: docstrings, comments, messages, docs, identifiers.

Prints one line for each finding. ``--count`` prints the number of findings per folder, ``--check`` fails if there is
any. Paths limit both. docs/style.md explains the rules; inline code and code blocks of Markdown are not checked.
"""

import argparse
import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A phrase that reads as translated, and its replacement; a match with a group ``plain`` is plain English."""

    name: str
    pattern: re.Pattern[str]
    instead: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Violation:
    """One finding: its place, the text and its replacement."""

    path: str
    line: int
    found: str
    instead: str

    def __str__(self) -> str:
        """Return the finding as one line of a compiler's output."""
        return f"{self.path}:{self.line}: {self.found!r}: {self.instead}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """A piece of text for people and the line on which it starts."""

    line: int
    text: str


def _phrase(name: str, pattern: str, instead: str) -> Phrase:
    return Phrase(name=name, pattern=re.compile(pattern.replace(" ", r"\s+")), instead=instead)


_BE: Final = "(?:is|are|was|were)"
PHRASES: Final = (
    _phrase("say whether", r"\b[Ss]ays? whether\b", "Return True if …"),
    _phrase("how many", r"\b[Ss]ays? (?:of |for )?how many\b", "Return the number of …"),
    _phrase("told", r"\b[Tt]old\b", "notified, reported, sent, matched, configured"),
    _phrase("where there is none", rf"\b[Ww]here there {_BE} (?:none|no \w+)\b", "if absent, without a …"),
    _phrase(
        "is no",
        rf"(?P<plain>\b[Tt]here )?\b{_BE} no (?!(?:longer|more|less|fewer|different|better|worse)\b)\w+",
        "is not a …",
    ),
    _phrase("of ours", r"\bof (?:ours|our own)\b", "our …, its own …"),
    _phrase("by nobody", r"\b(?:by|to|of|for) nobody\b", "not …, never …"),
    _phrase("where for if", r"\b(?:\w*Error|None|empty) where\b(?! there)", "if …"),
    _phrase("idiom", r"\b(?:as good as|afresh|at hand|spoken of|kept in mind)\b", "say it plainly"),
    _phrase(
        "what is … as a subject",
        rf"(?:(?:\A|[.:;])\s*|\b(?:but|that|because|if) )[Ww]hat {_BE}\b(?![^.]*\?)",
        "name the thing: data, records, packages …",
    ),
    _phrase(
        "what … as a subject",
        r"(?:\A|(?<=[.:;]) )What (?!(?:if|to)\b)(?![^.]*\?)[a-z]",
        "start with a verb or the thing",
    ),
)
"""Phrases that no docstring, comment, message or page holds."""

PRIVATE_WORDS: Final[Mapping[str, str]] = {
    "news": "outbox, pending, updates",
    "told": "notified, reported, sent, matched",
    "patience": "retry policy",
    "court": "context",
    "shelf": "cache",
    "shelves": "caches",
    "spot": "location, offset",
    "spots": "locations, offsets",
    "standing": "status, role",
    "spare": "unused, previous",
    "spares": "unused, previous",
    "take_up": "adoption, ingest",
    "takeup": "adoption, ingest",
}
"""Words of our own that the field has a term for: no identifier holds one (docs/glossary.md)."""

TEST_NAMES: Final = (
    _phrase("a clause as subject", r"_test_(?:what|who|whom|whose|how|it|they)_", "rejects_invalid_…, unknown_key, …"),
    _phrase("whoever", r"_(?:whom|who(?:so)?ever|whatever)_", "name the subject: any_…, …_is_refused"),
    _phrase("nobody", r"_(?:no|some|every)bodys?_", "unknown_…, others, unauthenticated_…"),
    _phrase("believed", r"_believed_", "ignored, refused, untrusted"),
    _phrase("is no", r"_(?:is|are|was|were)_no_(?!(?:longer|more|less|newer)_)", "is_not_…, invalid_…"),
    _phrase("is none", r"_(?:that|which)_(?:is|are)_none_", "invalid_…"),
    _phrase("where there is none", r"_(?:where_)?there_(?:is|are)_(?:none|no)_", "missing_…, without_…"),
    _phrase("is not there", r"_(?:is|are)_not_there_", "missing_…"),
    _phrase("says what", r"_(?:says?|tells?)_(?:so|of|what|which|who|how|why|whether|where)_", "names_…, reports_…"),
    _phrase("is said", r"_(?:is|are)_(?:said|told)_", "is_reported, is_explained"),
    _phrase("comes back", r"_comes?_back_", "round_trip"),
    _phrase("of its own", r"_of_(?:its_own|their_own|ours|before)_", "its_own_…, separate, distinct"),
    _phrase("goes with", r"_go(?:es)?_with_", "is_deleted_with, includes"),
    _phrase("speaks for", r"_speaks?_(?:for|of)_", "applies_to, is_about"),
    _phrase("holds up", r"_holds?_(?:up_(?!to_)|good_)", "blocks, applies"),
    _phrase("good for", r"_(?:is|are)_good_", "is_valid_for"),
    _phrase("idiom", r"_(?:all_the_same|as_good_as|at_hand|so_many|given_up|lets?_in)_", "say it plainly"),
    _phrase("is taken for", r"_taken_for_", "is_treated_as"),
    _phrase("rings", r"_and_rings_\Z", "raises_an_alarm"),
)
"""Patterns that the name of no test matches; a name is matched as ``_name_``."""

QUOTED: Final[Mapping[str, str]] = {
    "scripts/english.py": "holds the patterns",
    "tests/scripts/test_english.py": "holds examples of what is found",
    "docs/spec": "quotes the vendor",
    "src/openinspector/service/api/models": "the service model; quotes the vendor",
    "src/openinspector/service/stores/migrations/versions/v0012_reported_findings.py": "names the word it replaces",
    "CHANGELOG.md": "released entries are not rewritten",
    "tests/service/stores/test_schema.py": "holds the stored form before a migration",
    "LICENSE": "quoted",
    "requirements.lock": "generated",
    "schemas": "generated from docstrings that are checked",
    "docs/reference": "generated from docstrings that are checked",
    "tests/feeds/data": "documents in the vendors' formats",
}
"""Paths that are not checked, each with the reason."""

TEXT: Final = frozenset(
    {"", ".md", ".toml", ".sh", ".service", ".timer", ".html", ".j2", ".jinja", ".css", ".typ", ".cfg", ".ini", ".mako"}
)
"""Suffixes of the other files that are read as plain text."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print what was found; the exit status is 1 only with ``--check``."""
    parser = argparse.ArgumentParser(description="Check that prose and names are plain English.")
    parser.add_argument("paths", nargs="*", help="folders or files; the whole tree if none is given")
    parser.add_argument("--count", action="store_true", help="print the number of findings per folder")
    parser.add_argument("--check", action="store_true", help="exit with status 1 if anything is found")
    options = parser.parse_args(argv)
    found = sorted(violations(ROOT, options.paths))
    if options.count:
        for folder, number in sorted(Counter(_folder(each.path) for each in found).items()):
            print(f"{number:6} {folder}")
    else:
        for each in found:
            print(each)
    print(f"{len(found)} in all", file=sys.stderr)
    return 1 if found and options.check else 0


def violations(root: Path, paths: Sequence[str] = ()) -> Iterator[Violation]:
    """Return every finding in the files of ``root`` that git knows or would add, below ``paths`` if given."""
    files = list(_files(root))
    for path in files:
        if _below(path, paths):
            yield from _file_violations(path, (root / path).read_text(encoding="utf-8", errors="replace"))
    for each in repeated_classes({path: (root / path).read_text() for path in files if _is_source(path)}):
        if _below(each.path, paths):
            yield each


def prose_violations(path: str, prose: Iterable[Prose]) -> Iterator[Violation]:
    """Return the banned phrases of ``prose``."""
    for piece in prose:
        for phrase in PHRASES:
            for match in phrase.pattern.finditer(piece.text):
                if match.groupdict().get("plain"):
                    continue
                line = piece.line + piece.text.count("\n", 0, match.end())
                yield Violation(
                    path=path, line=line, found=" ".join(match[0].split()).strip(".:;,(| "), instead=phrase.instead
                )


def name_violations(path: str, tree: ast.AST) -> Iterator[Violation]:
    """Return the identifiers of ``tree`` that hold a private word and the tests named in translated English."""
    seen = set()
    for line, name in _identifiers(tree):
        for word, instead in PRIVATE_WORDS.items():
            if f"_{word}_" in f"_{_snake(name)}_" and (line, name) not in seen:
                seen.add((line, name))
                yield Violation(path=path, line=line, found=name, instead=instead)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            for phrase in TEST_NAMES:
                if phrase.pattern.search(f"_{node.name}_"):
                    yield Violation(path=path, line=node.lineno, found=node.name, instead=phrase.instead)
                    break


def repeated_classes(sources: Mapping[str, str]) -> Iterator[Violation]:
    """Return the public classes of ``sources``, text by path, that share their name with another one."""
    places = defaultdict(list)
    for path, source in sorted(sources.items()):
        for node in ast.parse(source).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append((path, node.lineno))
    for name, found in places.items():
        for path, line in found if len(found) > 1 else ():
            others = ", ".join(other for other, _ in found if other != path)
            yield Violation(path=path, line=line, found=f"class {name}", instead=f"one name, one class; see {others}")


def python_prose(source: str) -> Iterator[Prose]:
    """Return the comments and the string literals of Python source; consecutive comment lines are one piece."""
    block: list[tuple[int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if block and token.start[0] > block[-1][0] + 1:
                yield Prose(line=block[0][0], text="\n".join(text for _, text in block))
                block.clear()
            block.append((token.start[0], token.string.lstrip("#").strip()))
    if block:
        yield Prose(line=block[0][0], text="\n".join(text for _, text in block))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield Prose(line=node.lineno, text=node.value)


def markdown_prose(source: str) -> Iterator[Prose]:
    """Return the paragraphs, list items and table rows of Markdown without code, headings and rules of tables."""
    text = re.sub(r"^```.*?^```", _blank, source, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"`[^`]*`", lambda found: "`" + _blank(found)[1:], text)
    start, lines = 1, list[str]()
    for number, line in enumerate((*text.splitlines(), ""), start=1):
        begins = re.match(r"\s*(?:[-*|]|\d+\.)\s", line)
        if not line.strip() or line.startswith(("#", "|")) or begins:
            yield Prose(line=start, text="\n".join(lines))
            lines = []
        if line.startswith("|"):
            yield from (Prose(line=number, text=f"… {cell.strip()}") for cell in line.split("|"))
        elif not line.startswith("#"):
            if not lines:
                start = number
            lines.append(line[begins.end() :] if begins else line)


def text_prose(source: str) -> Iterator[Prose]:
    """Return each line of a file of another kind."""
    for number, line in enumerate(source.splitlines(), start=1):
        yield Prose(line=number, text=line.strip().removeprefix("#").strip())


def _file_violations(path: str, source: str) -> Iterator[Violation]:
    suffix = Path(path).suffix
    if suffix in {".py", ".pyi"}:
        yield from prose_violations(path, python_prose(source))
        yield from name_violations(path, ast.parse(source))
    elif suffix == ".md":
        yield from prose_violations(path, markdown_prose(source))
    else:
        yield from prose_violations(path, text_prose(source))


def _identifiers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.keyword(arg=str(name)):
                yield node.lineno, name
            case ast.alias(name=name):
                yield node.lineno, name.replace(".", "_")
            case ast.ImportFrom(module=str(name)):
                yield node.lineno, name.replace(".", "_")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", "x", found[0])


def _files(root: Path) -> Iterator[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True)  # noqa: S603 - a fixed command
    for path in sorted(set(listed.stdout.decode().split("\0")) - {""}):
        known = Path(path).suffix in TEXT | {".py", ".pyi"}
        if known and not _below(path, list(QUOTED)) and (root / path).is_file():
            yield path


def _below(path: str, folders: Sequence[str]) -> bool:
    return not folders or any(Path(path).is_relative_to(folder) for folder in folders)


def _is_source(path: str) -> bool:
    return path.startswith("src/") and path.endswith(".py")


def _folder(path: str) -> str:
    parts = Path(path).parts
    return "/".join(parts[: min(4 if parts[0] == "src" else 3, len(parts) - 1)]) or "."


if __name__ == "__main__":
    sys.exit(main())
