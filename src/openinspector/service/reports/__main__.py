"""Render one report in a separate process: content as JSON on standard input, the document on standard output.

Run as ``python -m openinspector.service.reports HTML|PDF``. Rendering needs much memory and processor time; a separate
process has a limit and returns them to the system.
"""

import resource
import sys
from typing import Final

import msgspec

from openinspector.model.report import ReportFormat
from openinspector.service.reports.content import ReportContent
from openinspector.service.reports.render import render

MEMORY_BYTES: Final = 4 * 1024**3
"""Limit of the address space. Only a report that exceeds it fails."""


def main() -> None:
    """Render one report."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    layout = ReportFormat(sys.argv[1])
    content = msgspec.json.decode(sys.stdin.buffer.read(), type=ReportContent)
    for piece in render(content, layout):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
