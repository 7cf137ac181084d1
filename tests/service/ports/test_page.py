from openinspector.service.ports.page import Cursor, Page, PageRequest, all_rows
from openinspector.testing.model_builders import moment


def test_each_row_is_listed_once_in_order() -> None:
    for size in (0, 1, 3, 4, 7):

        def list_page(request: PageRequest, size: int = size) -> Page[int]:
            assert request.limit == 3
            first = int(request.after.arn) if request.after is not None else 0
            last = min(first + request.limit, size)
            more = Cursor(created_at=moment(last), arn=str(last)) if last < size else None
            return Page(rows=range(first, last), next=more)

        assert list(all_rows(list_page, limit=3)) == list(range(size))
