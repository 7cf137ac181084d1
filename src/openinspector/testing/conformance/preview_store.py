"""Contract tests for every preview store. Subclass, and provide an empty one as the fixture ``store``."""

from functools import partial
from typing import Any

import pytest

from openinspector.model.errors import OpenInspectorError
from openinspector.service.ports.preview_store import ExclusionsPreview, PreviewInProgressError, PreviewStore
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.threads import at_once


def preview(number: int = 1, template: int = 1, **fields: Any) -> ExclusionsPreview:
    """Return a preview in progress."""
    return ExclusionsPreview(
        token=f"00000000-0000-4000-8000-{number:012d}",
        template_arn=builders.template(template).arn,
        created_at=builders.moment(number),
        **fields,
    )


NEVER = builders.moment(0)
"""Earlier than every preview, so that none counts as hanging."""
EXCLUSIONS = tuple(builders.exclusion(number).preview for number in (1, 2))


class PreviewStoreSuite:
    """The contract of `PreviewStore`."""

    def test_a_preview_is_in_progress_until_it_is_completed(self, store: PreviewStore) -> None:
        store.begin(preview(), NEVER)
        assert store.get(preview().token) == preview()
        store.complete(preview().token, EXCLUSIONS)
        assert store.get(preview().token) == preview(exclusions=EXCLUSIONS)

    def test_empty_preview_is_complete(self, store: PreviewStore) -> None:
        """An empty preview is complete."""
        store.begin(preview(), NEVER)
        store.complete(preview().token, ())
        assert store.get(preview().token) == preview(exclusions=())

    def test_unknown_token(self, store: PreviewStore) -> None:
        store.complete(preview().token, EXCLUSIONS)
        assert store.get(preview().token) is None

    def test_completing_again_changes_nothing(self, store: PreviewStore) -> None:
        store.begin(preview(), NEVER)
        store.complete(preview().token, EXCLUSIONS)
        store.complete(preview().token, ())
        assert store.get(preview().token) == preview(exclusions=EXCLUSIONS)

    def test_a_template_has_one_in_progress(self, store: PreviewStore) -> None:
        """Other templates are not concerned; once it is complete, there may be another."""
        store.begin(preview(1), NEVER)
        with pytest.raises(PreviewInProgressError):
            store.begin(preview(2), NEVER)
        store.begin(preview(3, template=2), NEVER)
        store.complete(preview(1).token, EXCLUSIONS)
        store.begin(preview(4), NEVER)
        assert store.get(preview(1).token) == preview(1, exclusions=EXCLUSIONS)

    def test_hanging_preview_is_replaced(self, store: PreviewStore) -> None:
        store.begin(preview(1), NEVER)
        store.begin(preview(2, template=2), NEVER)
        with pytest.raises(PreviewInProgressError):
            store.begin(preview(3), builders.moment(1))
        store.begin(preview(3), builders.moment(2))
        store.complete(preview(1).token, EXCLUSIONS)
        assert store.get(preview(1).token) is None
        assert store.get(preview(2).token) == preview(2, template=2)
        store.complete(preview(3).token, EXCLUSIONS)
        store.begin(preview(4), builders.moment(9))
        assert store.get(preview(3).token) == preview(3, exclusions=EXCLUSIONS)

    def test_deletion_allows_a_new_preview(self, store: PreviewStore) -> None:
        """Deleting it again is not an error."""
        store.begin(preview(1), NEVER)
        store.delete(preview(1).token)
        store.delete(preview(1).token)
        assert store.get(preview(1).token) is None
        store.begin(preview(2), NEVER)

    def test_one_of_many_concurrent_starts_succeeds(self, store: PreviewStore) -> None:
        """The others raise PreviewInProgressError."""
        outcomes = at_once([partial(store.begin, preview(number), NEVER) for number in range(8)])
        refused = [outcome for outcome in outcomes if isinstance(outcome, OpenInspectorError)]
        assert len(refused) == 7  # noqa: PLR2004 - all but one
        assert all(isinstance(outcome, PreviewInProgressError) for outcome in refused)

    def test_old_previews_are_deleted_in_any_state(self, store: PreviewStore) -> None:
        """A preview whose worker died would block the template for ever."""
        store.begin(preview(1), NEVER)
        store.begin(preview(2, template=2), NEVER)
        store.complete(preview(2).token, EXCLUSIONS)
        store.begin(preview(3, template=3), NEVER)
        assert store.forget(builders.moment(3)) == 2  # noqa: PLR2004 - the first and the second
        assert [store.get(preview(number).token) is None for number in (1, 2, 3)] == [True, True, False]
        store.begin(preview(4), NEVER)
