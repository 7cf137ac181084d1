"""Pictures of paths in reports: which findings have one, and how it is put into the document."""

from markupsafe import Markup

from openinspector.model.finding import AnyBody, StatedIssue
from openinspector.model.path_picture import PathPicture
from openinspector.network.path_picture import STYLE, draw


def picture_of(body: AnyBody) -> PathPicture | None:
    """Return the picture of a finding's path; None if it has none."""
    return body.picture if isinstance(body, StatedIssue) else None


def drawn(picture: PathPicture) -> Markup:
    """Return a picture as SVG. Its style is `STYLE`, which the document has once: its policy allows no other."""
    return Markup(draw(picture))  # noqa: S704 - `draw` escapes every text


__all__ = ["STYLE", "drawn", "picture_of"]
