"""Subscribers do not hold each other up: what hangs holds a thread, what fails rests."""

from datetime import timedelta
from threading import Event, Lock

from openinspector.service.ports.notification_store import Subscriber
from openinspector.service.worker.dispatch import THREADS, Dispatch
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.notification_store import notification
from openinspector.testing.conformance.subscription_store import topic
from openinspector.testing.fake_clock import FakeClock
from openinspector.testing.memory_notification_store import MemoryNotificationStore

PATIENCE_SECONDS = 30


class World:
    """Subscribers that hang until they are let go, fail, or are told at once."""

    def __init__(self, subscribers: int) -> None:
        self.clock = FakeClock(builders.moment(10))
        self.store = MemoryNotificationStore()
        self.store.add([notification(n, subscriber=topic(n)) for n in range(1, subscribers + 1)])
        self.hanging: dict[Subscriber, Event] = {}
        self.failing: set[Subscriber] = set()
        self.told: dict[Subscriber, int] = {}
        self.arrived: dict[Subscriber, Event] = {topic(n): Event() for n in range(1, subscribers + 1)}
        self._lock = Lock()
        self.dispatch = Dispatch(self.store, self.tell, self.clock)

    def tell(self, subscriber: Subscriber) -> bool:
        with self._lock:
            self.told[subscriber] = self.told.get(subscriber, 0) + 1
        self.arrived[subscriber].set()
        if subscriber in self.hanging:
            assert self.hanging[subscriber].wait(PATIENCE_SECONDS)
        if subscriber in self.failing:
            raise OSError("a defect")
        return subscriber not in self.hanging

    def settle(self) -> None:
        """Wait until whoever is being told has been."""
        for future in list(self.dispatch._busy.values()):
            future.result(PATIENCE_SECONDS)

    def let_go(self) -> None:
        for event in self.hanging.values():
            event.set()
        self.settle()
        self.dispatch.stop()


def test_who_hangs_holds_nobody_up_and_is_told_by_one_thread() -> None:
    world = World(3)
    world.hanging[topic(1)] = Event()
    for _ in range(3):
        world.dispatch.turn()
        assert world.arrived[topic(2)].wait(PATIENCE_SECONDS)
        assert world.arrived[topic(3)].wait(PATIENCE_SECONDS)
    assert world.told[topic(1)] == 1
    assert not world.hanging[topic(1)].is_set()
    world.let_go()


def test_who_fails_rests_ever_longer() -> None:
    world = World(1)
    world.failing.add(topic(1))
    tries = []
    for second in range(16):
        world.dispatch.turn()
        world.settle()
        tries.append((second, world.told[topic(1)]))
        world.clock.advance(1)
    begins = [second for (second, told), (_, before) in zip(tries[1:], tries, strict=False) if told > before]
    assert begins == [1, 3, 7, 15]
    world.failing.clear()
    world.clock.advance(timedelta(minutes=5).total_seconds())
    world.dispatch.turn()
    world.settle()
    world.dispatch.turn()
    world.settle()
    assert world.told[topic(1)] == 5 + 2
    world.let_go()


def test_more_hang_than_there_are_threads() -> None:
    """They fill the threads; once they are let go they rest, and the others have their turn."""
    world = World(THREADS + 1)
    world.hanging = {topic(n): Event() for n in range(1, THREADS + 2)}
    late = world.store.subscribers_due(world.clock.now())[-1]
    del world.hanging[late]
    world.dispatch.turn()
    world.dispatch.turn()
    assert late not in world.told
    for event in world.hanging.values():
        event.set()
    world.settle()
    world.dispatch.turn()
    assert world.arrived[late].wait(PATIENCE_SECONDS)
    assert set(world.told.values()) == {1}
    world.let_go()


def test_who_is_not_due_is_left_alone() -> None:
    world = World(1)
    world.store.save(notification(1, subscriber=topic(1), due_at=builders.moment(11)))
    world.dispatch.turn()
    assert world.told == {}
    world.let_go()
