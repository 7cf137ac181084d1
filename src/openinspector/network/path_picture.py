"""Picture of a finding's path as SVG: source to process, the answer below, the rule to change in words and a frame.

Text is escaped; there is no script and no font of its own. The rule to change is named by a sentence, never by colour
alone.
"""

from typing import Final
from xml.sax.saxutils import escape

from openinspector.model.foreign_text import printable_line
from openinspector.model.path_picture import PathBox, PathPicture
from openinspector.network.answer import Hop
from openinspector.network.exposure import PROTOCOL_NAMES, ReachableExposure
from openinspector.network.exposure_text import title

_WIDTH: Final = 980
_BOX: Final = (150, 64)
_STEP: Final = 190
_ROW: Final = 110
_A_ROW: Final = 5
_LONGEST: Final = 22
_LONGEST_LINE: Final = 140
_SHOWN: Final = frozenset(
    {
        "internet",
        "on-premises",
        "internet-gateway",
        "vpc-peering-connection",
        "vpn-gateway",
        "network-acl",
        "security-group",
        "load-balancer",
        "instance",
        "interface",
    }
)
STYLE: Final = (
    ".path{max-width:100%;height:auto}.path text{font:13px system-ui,sans-serif;fill:#1b1f24}"
    ".path .s{font-size:11px;fill:#57606a}.path .b{fill:#fff;stroke:#57606a}.path .r{stroke:#cf222e;stroke-width:3}"
    ".path .l{stroke:#57606a;fill:none}.path .d{stroke-dasharray:5 4}"
    "@media(prefers-color-scheme:dark){.path text{fill:#e6edf3}.path .s{fill:#9da7b3}"
    ".path .b{fill:#161b22;stroke:#9da7b3}.path .r{stroke:#ff7b72}.path .l{stroke:#9da7b3}}"
)
"""Rules of every picture in a document."""


def picture_of(exposure: ReachableExposure) -> PathPicture | None:
    """Return the picture of a finding; None if it has no path."""
    answer = exposure.answer
    if answer is None:
        return None
    boxes = [_box(hop, exposure) for hop in _filters_first(answer.path)]
    port = f"{PROTOCOL_NAMES.get(exposure.protocol or 0, '')} {exposure.port}"
    if exposure.listener is not None:
        name = exposure.listener.process_name or "a process"
        boxes.append(PathBox(kind="process", name=name, note=exposure.listener.package or port))
    rules = " and ".join(next(iter(exposure.closers), ()))
    sentence = f"Change rule {rules} to close this path." if rules else "No two rules close this path."
    return PathPicture(
        title=title(exposure),
        boxes=tuple(boxes),
        answer=tuple(hop.resource for hop in answer.answer_path if hop.kind in _SHOWN),
        advice=f"{port}. {sentence}",
    )


def draw_path(exposure: ReachableExposure) -> str:
    """Return the path of a finding as one SVG element with its style; "" for a finding without a path."""
    picture = picture_of(exposure)
    return "" if picture is None else draw(picture, style=STYLE)


def draw(picture: PathPicture, *, style: str = "") -> str:
    """Return a picture as one SVG element. Without ``style`` the document around it has the rules of `STYLE`."""
    rows = -(-len(picture.boxes) // _A_ROW)
    y = 40 + rows * _ROW
    names = " > ".join(box.name for box in picture.boxes)
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="path" viewBox="0 0 {_WIDTH} {y + 50}" role="img">',
            f"<title>{_escaped(picture.title)}</title><desc>{_escaped(names)}</desc>",
            f"<style>{style}</style>" if style else "",
            *(_drawn(index, box) for index, box in enumerate(picture.boxes)),
            f'<path class="l d" d="M20 {y - 22}H{_WIDTH - 20}"/>',
            _text(20, y, f"Answer: {' > '.join(picture.answer)}", "s", most=_LONGEST_LINE),
            _text(20, y + 24, picture.advice, most=_LONGEST_LINE),
            "</svg>",
        ]
    )


def _filters_first(path: tuple[Hop, ...]) -> list[Hop]:
    """Return the hops to draw: a group stands in front of the host that it guards."""
    shown = [hop for hop in path if hop.kind in _SHOWN]
    for index in range(1, len(shown)):
        if shown[index].kind == "security-group" and shown[index - 1].kind in {"instance", "interface"} and index > 1:
            shown[index - 1 : index + 1] = [shown[index], shown[index - 1]]
    return shown


def _box(hop: Hop, exposure: ReachableExposure) -> PathBox:
    is_to_change = bool(hop.rule) and hop.rule in exposure.rules
    return PathBox(kind=hop.kind, name=hop.resource, note=hop.rule or hop.address, is_to_change=is_to_change)


def _drawn(index: int, box: PathBox) -> str:
    row, column = divmod(index, _A_ROW)
    x, y = 20 + column * _STEP, 20 + row * _ROW
    width, height = _BOX
    line = f'<path class="l" d="M{x - _STEP + width} {y + height // 2}h{_STEP - width}"/>' if column else ""
    frame = "b r" if box.is_to_change else "b"
    return (
        f'{line}<rect class="{frame}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>'
        + _text(x + 8, y + 18, box.kind.replace("-", " "), "s")
        + _text(x + 8, y + 37, box.name)
        + _text(x + 8, y + 55, box.note, "s")
    )


def _text(x: int, y: int, text: str, style: str = "", *, most: int = _LONGEST) -> str:
    short = text if len(text) <= most else text[: most - 1] + "…"
    kind = f' class="{style}"' if style else ""
    return f'<text{kind} x="{x}" y="{y}">{_escaped(short)}</text>'


def _escaped(text: str) -> str:
    return escape(printable_line(text))
