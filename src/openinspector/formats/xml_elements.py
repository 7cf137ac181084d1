"""Reads XML of strangers with expat: record by record, bounded, and without what XML can do beyond markup.

Refused are document type declarations, and with them entities of every kind (billion laughs, external entities), depth
beyond `MAX_DEPTH` and text beyond `MAX_TEXT` bytes in one record. Namespaces are dropped: no vendor uses one local name
for two things.
"""

from collections.abc import Collection, Iterator
from typing import Final, NoReturn
from xml.parsers import expat

MAX_DEPTH: Final = 64
MAX_TEXT: Final = 16 * 1024 * 1024
MAX_ELEMENTS: Final = 2_000_000
"""Elements in one record."""
_CHUNK: Final = 256 * 1024


class XmlError(ValueError):
    """A document that is not XML, or more than it may be; the message names line and column."""


class Element:
    """One element with its local name, attributes by local name, children and own text."""

    __slots__ = ("attributes", "children", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""

    def get(self, name: str) -> str:
        """Return an attribute, or an empty text."""
        return self.attributes.get(name, "")

    def first(self, tag: str) -> "Element | None":
        """Return the first child of that name."""
        return next((child for child in self.children if child.tag == tag), None)

    def all(self, tag: str) -> "Iterator[Element]":
        """Yield the children of that name."""
        return (child for child in self.children if child.tag == tag)

    def descendants(self, tag: str) -> "Iterator[Element]":
        """Yield every element of that name below this one, in document order."""
        for child in self.children:
            if child.tag == tag:
                yield child
            yield from child.descendants(tag)

    def text_of(self, tag: str) -> str:
        """Return the text of the first child of that name without blanks around it, or an empty text."""
        child = self.first(tag)
        return child.text.strip() if child is not None else ""


class _Reader:
    def __init__(self, tags: Collection[str]) -> None:
        self.found: list[Element] = []
        self._tags = frozenset(tags)
        self._stack: list[Element] = []
        self._depth = 0
        self._texts: list[list[str]] = []
        self._size = 0
        self._elements = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.EntityDeclHandler = self._refuse_entity

    def feed(self, chunk: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            raise XmlError(f"line {error.lineno}, column {error.offset}: {expat.ErrorString(error.code)}") from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse(f"elements nested deeper than {MAX_DEPTH}")
        local = name.rpartition(" ")[2]
        if not self._stack and local not in self._tags:
            return
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            self._refuse(f"a record of more than {MAX_ELEMENTS} elements")
        element = Element(local, {key.rpartition(" ")[2]: value for key, value in attributes.items()})
        if self._stack:
            self._stack[-1].children.append(element)
        self._stack.append(element)
        self._texts.append([])

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if not self._stack:
            return
        element = self._stack.pop()
        element.text = "".join(self._texts.pop())
        if not self._stack:
            self.found.append(element)
            self._size = self._elements = 0

    def _text(self, data: str) -> None:
        if not self._stack:
            return
        self._size += len(data)
        if self._size > MAX_TEXT:
            self._refuse(f"a record with more than {MAX_TEXT} characters of text")
        self._texts[-1].append(data)

    def _refuse_doctype(self, *_declaration: object) -> None:
        self._refuse("a document type declaration")

    def _refuse_entity(self, *_declaration: object) -> None:
        self._refuse("an entity declaration")

    def _refuse(self, what: str) -> NoReturn:
        line, column = self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber
        raise XmlError(f"line {line}, column {column}: {what} is not accepted")


def elements(content: bytes, tags: Collection[str]) -> Iterator[Element]:
    """Yield the outermost elements named in ``tags``, each when it is complete; XmlError if the document breaks."""
    reader = _Reader(tags)
    for start in range(0, max(len(content), 1), _CHUNK):
        reader.feed(content[start : start + _CHUNK], last=start + _CHUNK >= len(content))
        found, reader.found = reader.found, []
        yield from found
