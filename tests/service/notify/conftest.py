from collections.abc import Iterator

import pytest

from openinspector.testing.moto_sns import MotoSns, moto_sns


@pytest.fixture(scope="session")
def sns() -> Iterator[MotoSns]:
    with moto_sns() as running:
        yield running


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, sns: MotoSns) -> None:
    for name, value in sns.environment.items():
        monkeypatch.setenv(name, value)
