"""Picture of a finding's path as SVG: source to process, the answer below, the rule to change in words and a frame.

Text is escaped; there is no script and no font of its own. The rule to change is named by a sentence, never by colour
alone.
"""

from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from openinspector.network.answer import Hop
from openinspector.network.exposure import PROTOCOL_NAMES, ReachableExposure
from openinspector.network.exposure_text import title

_WIDTH: Final = 980
_BOX: Final = (150, 64)
_STEP: Final = 190
_ROW: Final = 110
_A_ROW: Final = 5
_LONGEST: Final = 22
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
_STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#1b1f24}.s{font-size:11px;fill:#57606a}"
    ".b{fill:#fff;stroke:#57606a}.r{stroke:#cf222e;stroke-width:3}.l{stroke:#57606a;fill:none}.d{stroke-dasharray:5 4}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.s{fill:#9da7b3}.b{fill:#161b22;stroke:#9da7b3}"
    ".r{stroke:#ff7b72}.l{stroke:#9da7b3}}"
)


@dataclass(frozen=True, slots=True)
class _Box:
    kind: str
    name: str
    note: str
    marked: bool


def draw_path(exposure: ReachableExposure) -> str:
    """Return the path of a finding as one SVG element; "" for a finding without a path."""
    answer = exposure.answer
    if answer is None:
        return ""
    boxes = [_box(hop, exposure) for hop in _filters_first(answer.path)]
    port = f"{PROTOCOL_NAMES.get(exposure.protocol or 0, '')} {exposure.port}"
    if exposure.listener is not None:
        name = exposure.listener.process_name or "a process"
        boxes.append(_Box("process", name, exposure.listener.package or port, marked=False))
    rows = -(-len(boxes) // _A_ROW)
    height = 40 + rows * _ROW + 50
    back = " > ".join(hop.resource for hop in answer.answer_path if hop.kind in _SHOWN)
    rule = exposure.rules[0] if len(exposure.rules) == 1 else ""
    sentence = f"Change rule {rule} to close this path." if rule else "No single rule closes this path."
    y = 40 + rows * _ROW
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
            f"<title>{escape(title(exposure))}</title>",
            f"<desc>{escape(' > '.join(box.name for box in boxes))}</desc><style>{_STYLE}</style>",
            *(_drawn(index, box) for index, box in enumerate(boxes)),
            f'<path class="l d" d="M20 {y - 22}H{_WIDTH - 20}"/>',
            _text(20, y, f"Answer: {back}", "s"),
            _text(20, y + 24, f"{port}. {sentence}"),
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


def _box(hop: Hop, exposure: ReachableExposure) -> _Box:
    return _Box(hop.kind, hop.resource, hop.rule or hop.address, marked=bool(hop.rule) and hop.rule in exposure.rules)


def _drawn(index: int, box: _Box) -> str:
    row, column = divmod(index, _A_ROW)
    x, y = 20 + column * _STEP, 20 + row * _ROW
    width, height = _BOX
    line = f'<path class="l" d="M{x - _STEP + width} {y + height // 2}h{_STEP - width}"/>' if column else ""
    frame = "b r" if box.marked else "b"
    return (
        f'{line}<rect class="{frame}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>'
        + _text(x + 8, y + 18, box.kind.replace("-", " "), "s")
        + _text(x + 8, y + 37, box.name)
        + _text(x + 8, y + 55, box.note, "s")
    )


def _text(x: int, y: int, text: str, style: str = "") -> str:
    limit = _WIDTH // 7 if x == 20 and style != "" and text.startswith("Answer") else 0  # noqa: PLR2004
    most = limit or (_LONGEST if not text.endswith(".") else _WIDTH // 7)
    short = text if len(text) <= most else text[: most - 1] + "…"
    kind = f' class="{style}"' if style else ""
    return f'<text{kind} x="{x}" y="{y}">{escape(short)}</text>'
