"""Plaintext keys leave memory: when their run is shredded, wherever that happens, and when they are idle."""

from openinspector.service.app.run_keys import IDLE, RunKeys
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


def test_key_shredded_by_another_process_is_evicted(built: BuiltInstallation) -> None:
    here, there = process(built), process(built)
    assert here.make(RUN) == there.make(RUN)
    built.stores.telemetry.delete_run_key(RUN, built.clock.now())
    there.drop(RUN)
    assert here.cached() == 1
    assert here.sweep() == 1
    assert here.cached() == 0
    assert here.make(RUN) is None


def test_idle_key_is_evicted_and_reloaded_on_use(built: BuiltInstallation) -> None:
    keys = process(built)
    made = keys.make(RUN)
    other = keys.make(builders.run(2).arn)
    built.clock.advance(IDLE.total_seconds())
    assert keys.get(RUN) == made
    built.clock.advance(1)
    assert keys.sweep() == 1
    assert keys.cached() == 1
    assert keys.get(builders.run(2).arn) == other


def test_a_key_in_use_stays(built: BuiltInstallation) -> None:
    keys = process(built)
    keys.make(RUN)
    assert keys.sweep() == 0
    assert keys.cached() == 1
