from openinspector.model.errors import StoreError
from openinspector.service.app.readiness import Readiness, ReadinessCheck


class World:
    """Two checks, of which each can fail, and a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.failing: set[str] = set()
        self.asked: list[str] = []
        checks = [
            ReadinessCheck(name="database", ask=lambda: self.ask("database"), every_seconds=2),
            ReadinessCheck(name="objects", ask=lambda: self.ask("objects"), every_seconds=60),
        ]
        self.readiness = Readiness(checks, lambda: self.now)

    def ask(self, name: str) -> None:
        self.asked.append(name)
        if name in self.failing:
            raise StoreError("out of order")


def test_ready_when_every_probe_succeeds() -> None:
    assert World().readiness.state() == "ready"


def test_names_the_first_thing_that_is_missing() -> None:
    world = World()
    world.failing = {"objects", "database"}
    assert world.readiness.state() == "database"
    world.failing = {"objects"}
    world.now = 3
    assert world.readiness.state() == "objects"


def test_answers_are_used_again_until_they_are_old() -> None:
    world = World()
    for world.now in (0.0, 1.0, 2.5, 59.0, 61.0):
        assert world.readiness.state() == "ready"
    assert world.asked == ["database", "objects", "database", "database", "database", "objects"]


def test_recovers_without_help() -> None:
    world = World()
    world.failing = {"database"}
    assert world.readiness.state() == "database"
    world.failing.clear()
    world.now = 2
    assert world.readiness.state() == "ready"


def test_a_draining_node_is_not_ready() -> None:
    world = World()
    world.readiness.drain()
    assert world.readiness.state() == "draining"
    assert world.asked == []
