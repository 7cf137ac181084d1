from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.ground import MAX_GROUND, MAX_GROUNDS, Ground, Part, bounded, setting

_GROUNDS = st.lists(
    st.builds(Ground, part=st.sampled_from(Part), key=st.text(max_size=300), value=st.text(max_size=300)), max_size=50
)


@given(_GROUNDS)
def test_bounded_grounds_are_sorted_unique_and_within_the_bounds(found: list[Ground]) -> None:
    kept = bounded(found)
    assert list(kept) == sorted(set(kept))
    assert len(kept) <= MAX_GROUNDS
    assert all(len(ground.key) <= MAX_GROUND and len(ground.value) <= MAX_GROUND for ground in kept)


@given(_GROUNDS)
def test_the_order_of_grounds_does_not_matter(found: list[Ground]) -> None:
    assert bounded(found) == bounded(reversed(found))


def test_grounds_within_the_bounds_are_kept_as_they_are() -> None:
    found = setting("PermitRootLogin", "no"), setting("MaxAuthTries", "4")
    assert bounded(found) == (setting("MaxAuthTries", "4"), setting("PermitRootLogin", "no"))


def test_a_change_beyond_the_bounds_still_changes_the_grounds() -> None:
    many = [setting(f"k{number:03}", "v") for number in range(100)]
    changed = [*many[:-1], setting("k099", "other")]
    assert bounded(many) != bounded(changed)
    assert bounded([setting("k", "v" * 400 + "a")]) != bounded([setting("k", "v" * 400 + "b")])
