"""Plaintext keys leave memory: when their run ends or is shredded, wherever that happens, and after some minutes."""

from openinspector.service.app.run_keys import FRESH, RunKeys
from openinspector.service.ports.change_store import Change, ChangeKind
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import BuiltInstallation

RUN = builders.run().arn


def process(built: BuiltInstallation) -> RunKeys:
    """Return the cache of one process of the installation."""
    return RunKeys(built.stores.keys, built.stores.telemetry, built.clock, builders.REALM.account)


def test_a_key_is_cached_until_its_run_ends(built: BuiltInstallation) -> None:
    keys = process(built)
    made = keys.make(RUN)
    assert made is not None
    assert (keys.get(RUN), keys.cached()) == (made, 1)
    keys.drop(RUN)
    assert keys.cached() == 0
    assert (keys.get(RUN), keys.cached()) == (made, 0)


def test_a_key_leaves_every_node_when_its_run_ends_or_is_shredded(built: BuiltInstallation) -> None:
    here, there, changes = process(built), process(built), built.stores.changes
    for number, end in ((1, built.stores.telemetry.delete_run_key), (2, None)):
        run = builders.run(number).arn
        assert here.make(run) == there.make(run)
        before = changes.last()
        if end is not None:
            end(run, built.clock.now())
        found = changes.since(before) or [Change(seq=9, kind=ChangeKind.RUN_ENDED, subject=run)]
        here.follow(found)
        assert (here.cached(), there.cached()) == (0, number)
    assert there.sweep() == 0


def test_an_old_key_is_asked_for_again(built: BuiltInstallation) -> None:
    keys = process(built)
    made = keys.make(RUN)
    built.clock.advance(FRESH.total_seconds() + 1)
    assert keys.sweep() == 1
    assert keys.get(RUN) == made
    built.stores.telemetry.delete_run_key(RUN, built.clock.now())
    built.clock.advance(FRESH.total_seconds() + 1)
    assert keys.sweep() == 1
    assert keys.get(RUN) is None


def test_a_key_in_use_stays(built: BuiltInstallation) -> None:
    keys = process(built)
    keys.make(RUN)
    assert keys.sweep() == 0
    assert keys.cached() == 1
