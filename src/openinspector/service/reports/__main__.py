"""One report, in a process of its own: content as JSON on standard input, the document on standard output.

``python -m openinspector.service.reports HTML|PDF``. Laying out takes memory and a processor; this way it takes them
from nobody else, and gives them back.
"""

import resource
import sys
from typing import Final

import msgspec

from openinspector.model.report import ReportFormat
from openinspector.service.reports.content import ReportContent
from openinspector.service.reports.render import render

MEMORY_BYTES: Final = 4 * 1024**3
"""Address space; what is resident is a fraction of it. A report that needs more fails, and nothing else does."""


def main() -> None:
    """Lay out one report."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    layout = ReportFormat(sys.argv[1])
    content = msgspec.json.decode(sys.stdin.buffer.read(), type=ReportContent)
    for piece in render(content, layout):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
