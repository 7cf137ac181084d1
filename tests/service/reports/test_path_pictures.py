"""Reports show the path of a port that can be reached, and nothing of it is markup."""

from openinspector.model.path_picture import PathBox
from openinspector.network.judged_network import JudgedNetwork
from openinspector.network.path_picture import STYLE, picture_of
from openinspector.network.topology import Topology
from openinspector.service.reports.builder import ReportBuilder
from openinspector.service.reports.html import render_html
from openinspector.testing import model_builders as builders
from openinspector.testing import report_builders as reports
from openinspector.testing.network_builders import documents, two_vpcs

HOSTILE = "<script>alert(1)</script>\x00"


def page(*, hostile: bool = False) -> str:
    exposure = next(one for one in JudgedNetwork(Topology(documents(two_vpcs()))).whole().exposures if one.port)
    picture = picture_of(exposure)
    assert picture is not None
    if hostile:
        box = PathBox(kind=HOSTILE, name=HOSTILE, note=HOSTILE)
        picture = type(picture)(title=HOSTILE, boxes=(box,), answer=(HOSTILE,), advice=HOSTILE)
    builder = ReportBuilder(reports.frame(), reports.NAMES)
    builder.add_finding(builders.finding(body=builders.stated_issue(picture=picture)))
    builder.add_finding(builders.finding(2, body=builders.stated_issue(2)))
    return b"".join(render_html(builder.build())).decode()


def test_finding_with_a_path_has_one_picture() -> None:
    shown = page()
    assert shown.count('<svg xmlns="http://www.w3.org/2000/svg" class="path"') == 1
    assert "Change rule sg-1/ingress/0 to close this path." in shown
    assert shown.count(STYLE) == 1  # in the one style element that the policy allows


def test_text_of_a_picture_is_escaped() -> None:
    shown = page(hostile=True)
    assert "<script>alert" not in shown
    assert "\x00" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
