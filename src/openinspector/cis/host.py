"""JudgedHost: the facts of one host while a benchmark judges it. Facts that several checks read are read once."""

from collections.abc import Callable
from typing import TypeVar, cast

from openinspector.cis.configuration import Line
from openinspector.cis.pattern import matcher
from openinspector.cis.verdict import Unknown
from openinspector.engine.completeness import unseen
from openinspector.model.facts import HostFacts
from openinspector.model.hardening import ConfigurationFile
from openinspector.model.record import Record
from openinspector.model.tailoring import AS_PUBLISHED, Tailoring

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class JudgedHost:
    """One host, and the site's choices. It lives as long as one judgement."""

    __slots__ = ("_files", "_gaps", "_lines", "_once", "facts", "tailoring")

    def __init__(self, facts: HostFacts, tailoring: Tailoring = AS_PUBLISHED) -> None:
        self.facts = facts
        self.tailoring = tailoring
        self._gaps: dict[tuple[str, ...], Unknown | None] = {}
        self._files: dict[tuple[str, ...], tuple[ConfigurationFile, ...]] = {}
        self._lines: dict[tuple[str, ...], tuple[Line, ...]] = {}
        self._once: dict[object, object] = {}

    def all(self, kind: type[R]) -> tuple[R, ...]:
        """Return every record of ``kind``, in the order collected."""
        return self.facts.all(kind)

    def only(self, kind: type[R]) -> R | None:
        """Return the one record of ``kind``, or None if the host sent none."""
        return self.facts.only(kind)

    def missing(self, *sensors: str) -> Unknown | None:
        """Return why the facts cannot tell, or None if each of ``sensors`` read everything there was."""
        if sensors not in self._gaps:
            gap = unseen(self.facts, sensors)
            self._gaps[sensors] = Unknown(reason=gap.reason) if gap else None
        return self._gaps[sensors]

    def files(self, *patterns: str) -> tuple[ConfigurationFile, ...]:
        """Return the files whose path matches one of ``patterns``, in the order of the patterns."""
        if patterns not in self._files:
            every = self.facts.all(ConfigurationFile)
            found: dict[str, ConfigurationFile] = {}
            for pattern in patterns:
                is_meant = matcher((pattern,))
                for file in sorted((file for file in every if is_meant(file.path)), key=lambda file: file.path):
                    found.setdefault(file.path, file)
            self._files[patterns] = tuple(found.values())
        return self._files[patterns]

    def lines(self, *patterns: str) -> tuple[Line, ...]:
        """Return the lines of files, in order."""
        if patterns not in self._lines:
            self._lines[patterns] = tuple(
                Line(text=line.text, source=f"{file.path}:{line.number}")
                for file in self.files(*patterns)
                for line in file.lines
            )
        return self._lines[patterns]

    def once(self, read: Callable[["JudgedHost"], T]) -> T:
        """Return what a function of the host returns; call it at most once."""
        if read not in self._once:
            self._once[read] = read(self)
        return cast("T", self._once[read])
