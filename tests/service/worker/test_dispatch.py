"""Subscribers do not block each other: one that hangs occupies a thread, one that fails is paused."""

from datetime import timedelta
from threading import Event, Lock

from openinspector.service.ports.notification_store import Subscriber
from openinspector.service.worker.dispatch import THREADS, Dispatch
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.notification_store import notification
from openinspector.testing.fake_clock import FakeClock
from openinspector.testing.memory_node_locks import MemoryNodeLocks
from openinspector.testing.memory_notification_store import MemoryNotificationStore
from openinspector.testing.record_builders import topic

TIMEOUT_SECONDS = 30


class World:
    """Subscribers that hang until they are released, fail, or are served at once."""

    def __init__(self, subscribers: int) -> None:
        self.clock = FakeClock(builders.moment(10))
        self.store = MemoryNotificationStore()
        self.store.add([notification(n, subscriber=topic(n)) for n in range(1, subscribers + 1)])
        self.hanging: dict[Subscriber, Event] = {}
        self.failing: set[Subscriber] = set()
        self.served: dict[Subscriber, int] = {}
        self.arrived: dict[Subscriber, Event] = {topic(n): Event() for n in range(1, subscribers + 1)}
        self._lock = Lock()
        self.held: set[str] = set()
        self.dispatch = Dispatch(self.store, MemoryNodeLocks(self.held), self.deliver, self.clock)

    def deliver(self, subscriber: Subscriber) -> bool:
        with self._lock:
            self.served[subscriber] = self.served.get(subscriber, 0) + 1
        self.arrived[subscriber].set()
        if subscriber in self.hanging:
            assert self.hanging[subscriber].wait(TIMEOUT_SECONDS)
        if subscriber in self.failing:
            raise OSError("a defect")
        return subscriber not in self.hanging

    def settle(self) -> None:
        """Wait for the running threads."""
        for future in list(self.dispatch._busy.values()):
            future.result(TIMEOUT_SECONDS)

    def release(self) -> None:
        for event in self.hanging.values():
            event.set()
        self.settle()
        self.dispatch.stop()


def test_a_subscriber_that_hangs_blocks_one_thread_and_no_other_subscriber() -> None:
    world = World(3)
    world.hanging[topic(1)] = Event()
    for _ in range(3):
        world.dispatch.turn()
        assert world.arrived[topic(2)].wait(TIMEOUT_SECONDS)
        assert world.arrived[topic(3)].wait(TIMEOUT_SECONDS)
    assert world.served[topic(1)] == 1
    assert not world.hanging[topic(1)].is_set()
    world.release()


def test_a_subscriber_that_fails_is_paused_for_longer_each_time() -> None:
    world = World(1)
    world.failing.add(topic(1))
    tries = []
    for second in range(16):
        world.dispatch.turn()
        world.settle()
        tries.append((second, world.served[topic(1)]))
        world.clock.advance(1)
    begins = [second for (second, count), (_, before) in zip(tries[1:], tries, strict=False) if count > before]
    assert begins == [1, 3, 7, 15]
    world.failing.clear()
    world.clock.advance(timedelta(minutes=5).total_seconds())
    world.dispatch.turn()
    world.settle()
    world.dispatch.turn()
    world.settle()
    assert world.served[topic(1)] == 5 + 2
    world.release()


def test_more_hanging_subscribers_than_threads() -> None:
    """They occupy the threads. Once released they are paused, and the others are served."""
    world = World(THREADS + 1)
    world.hanging = {topic(n): Event() for n in range(1, THREADS + 2)}
    late = world.store.subscribers_due(world.clock.now())[-1]
    del world.hanging[late]
    world.dispatch.turn()
    world.dispatch.turn()
    assert late not in world.served
    for event in world.hanging.values():
        event.set()
    world.settle()
    world.dispatch.turn()
    assert world.arrived[late].wait(TIMEOUT_SECONDS)
    assert set(world.served.values()) == {1}
    world.release()


def test_a_subscriber_that_is_not_due_is_not_served() -> None:
    world = World(1)
    world.store.save(notification(1, subscriber=topic(1), due_at=builders.moment(11)))
    world.dispatch.turn()
    assert world.served == {}
    world.release()


def test_one_node_at_a_time_serves_a_subscriber() -> None:
    world = World(2)
    world.held.add(f"subscriber {topic(1)}")
    world.dispatch.turn()
    world.settle()
    assert world.served == {topic(2): 1}
    world.held.clear()
    world.dispatch.turn()
    world.settle()
    assert world.served[topic(1)] == 1
    world.release()
