from threading import Event

from openinspector.service.worker.periodic import Periodic


def test_acts_at_start_and_continues_after_a_failure() -> None:
    turns: list[int] = []
    enough = Event()

    def act() -> None:
        turns.append(len(turns))
        if len(turns) == 1:
            raise OSError("once")
        if len(turns) == 3:
            enough.set()

    periodic = Periodic("test", act, 0.001)
    periodic.start()
    assert enough.wait(30)
    periodic.stop()
    stopped = len(turns)
    assert turns[:3] == [0, 1, 2]
    assert len(turns) == stopped


def test_stops_immediately() -> None:
    began = Event()
    periodic = Periodic("test", began.set, 3600)
    periodic.start()
    assert began.wait(30)
    periodic.stop()
