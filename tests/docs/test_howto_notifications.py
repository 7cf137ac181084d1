"""The receiver's code of the page on notifications, held against what the service signs."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openinspector.service.notify.webhook_https import sign

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "notifications.md"
BODY = '{"event": "OTHER", "name": "Zürich"}'.encode()


@pytest.fixture(scope="module")
def is_genuine() -> Callable[[str, str, bytes], bool]:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    found: Callable[[str, str, bytes], bool] = names["is_genuine"]
    return found


def test_receiver_accepts_only_genuine_signatures(is_genuine: Callable[[str, str, bytes], bool]) -> None:
    now = int(time.time())
    signature = sign("secret", now, BODY)
    assert is_genuine("secret", signature, BODY)
    assert not is_genuine("another", signature, BODY)
    assert not is_genuine("secret", signature, BODY + b" ")
    assert not is_genuine("secret", signature.replace(f"t={now}", f"t={now - 1}"), BODY)
    assert not is_genuine("secret", sign("secret", now - 3600, BODY), BODY)


@pytest.mark.parametrize("signature", ["", "t=", "t=1", "t=x,v1=y", f"t={10**12},v1=", "v1=00", "t=1,v1=ä"])
def test_malformed_signatures_are_rejected(is_genuine: Callable[[str, str, bytes], bool], signature: str) -> None:
    assert not is_genuine("secret", signature, BODY)


def test_page_names_the_sent_headers() -> None:
    from openinspector.service.notify import topic_sns, webhook_https  # noqa: PLC0415

    text = PAGE.read_text()
    for name in (webhook_https.SIGNATURE, webhook_https.DELIVERY, topic_sns.DELIVERY_ATTRIBUTE):
        assert name in text
