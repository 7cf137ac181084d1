"""Code of the how-to pages: a block after ``<!-- include: PATH -->`` holds the text of that file.

``PATH#NAME`` includes one top-level function, class or constant of it. `make docs` writes the blocks, and `make check`
fails if one is stale: the code that a page shows is code that a test runs.
"""

import ast
import re
from pathlib import Path
from typing import Final

INCLUDE: Final = re.compile(
    r"<!-- include: (?P<path>[\w./-]+)(?:#(?P<name>\w+))? -->\n(?:```\w*\n.*?^```\n)?", re.DOTALL | re.MULTILINE
)


def with_includes(page: str, root: Path) -> str:
    """Return ``page`` with the current text in each included block; LookupError if a name is absent."""
    return INCLUDE.sub(lambda found: _block(found, root), page)


def _block(found: re.Match[str], root: Path) -> str:
    source = (root / found["path"]).read_text()
    text = _definition(source, found["name"]) if found["name"] else source
    marker = found[0].partition("\n")[0]
    return f"{marker}\n```python\n{text.strip()}\n```\n"


def _definition(source: str, name: str) -> str:
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef(name=found) | ast.ClassDef(name=found) if found == name:
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            case ast.AnnAssign(target=ast.Name(id=found)) if found == name:
                first = node.lineno
            case _:
                continue
        return "\n".join(source.splitlines()[first - 1 : node.end_lineno])
    raise LookupError(f"no top-level {name}")
