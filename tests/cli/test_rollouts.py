"""Rollout rings through the data folder."""

import json
from pathlib import Path

import pytest
from tests.cli.api_answers import widest
from tests.cli.conftest import Command, Outcome

from openinspector.cli.serve import settings_from
from openinspector.service.store_access import open_stores
from openinspector.testing.conformance.rollout_store import report


class Rollouts:
    def __init__(self, command: Command, folder: Path) -> None:
        self._command = command
        self._folder = folder

    def __call__(self, *arguments: str, status: int = 0) -> Outcome:
        done = self._command("admin", "--data-dir", str(self._folder), "rollouts", *arguments)
        assert done.status == status, done
        assert "--json" in arguments or widest(done.out) <= 80
        return done


@pytest.fixture
def rollouts(command: Command, tmp_path: Path) -> Rollouts:
    return Rollouts(command, tmp_path / "data")


def test_a_ring_from_the_first_to_the_last(rollouts: Rollouts, tmp_path: Path) -> None:
    assert "no agent is offered anything" in rollouts("list").words
    rollouts("set", "canary", "--version", "2.0", "--position", "1", "--tag", "Ring=canary", "--tag", "Test")
    rollouts("set", "rest", "--version", "1.9", "--percent", "20", "--max-failures", "5")
    first, second = json.loads(rollouts("list", "--json").out)
    assert (first["name"], first["tags"], first["pausedBecause"]) == ("canary", {"Ring": "canary", "Test": None}, None)
    assert (second["percent"], second["maxFailurePercent"]) == (20, 5)
    rollouts("pause", "canary", "--because", "crashes on arm")
    assert "crashes on arm" in rollouts("list").words
    rollouts("resume", "canary")
    assert "crashes" not in rollouts("list").out
    store = open_stores(settings_from(tmp_path / "data")).rollouts
    store.add_report(report(1, ring="canary"))
    store.add_report(report(2, ring="canary", succeeded=False, result="SELF_TEST_FAILED", diagnostics="\x1b[2Jx"))
    shown = json.loads(rollouts("list", "--json").out)[0]
    assert (shown["updated"], shown["failed"]) == (1, 1)
    assert [failure["result"] for failure in shown["failures"]] == ["SELF_TEST_FAILED"]
    assert "\x1b[2J" not in rollouts("list").out
    rollouts("delete", "canary")
    assert [ring["name"] for ring in json.loads(rollouts("list", "--json").out)] == ["rest"]


@pytest.mark.parametrize("verb", ["pause", "resume", "delete"])
def test_missing_ring(rollouts: Rollouts, verb: str) -> None:
    assert "no rollout ring early" in rollouts(verb, "early", status=1).err


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("set", "Early", "--version", "1.0"), 1),
        (("set", "early", "--version", "../1.0"), 1),
        (("set", "early"), 2),
        (("set", "early", "--version", "1.0", "--percent", "0"), 2),
        (("set", "early", "--version", "1.0", "--max-failures", "101"), 2),
        (("pause", "early", "--because", " "), 1),
    ],
)
def test_rejects_invalid_rings(rollouts: Rollouts, arguments: tuple[str, ...], status: int) -> None:
    rollouts(*arguments, status=status)
    assert json.loads(rollouts("list", "--json").out) == []
