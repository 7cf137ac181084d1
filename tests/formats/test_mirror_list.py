import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.formats.mirror_list import Mirrors, read_mirrors

DIGEST = "ab" * 32
METALINK = f"""<?xml version="1.0"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/">
 <files><file name="repomd.xml">
  <verification><hash type="md5">0</hash><hash type="sha256">{DIGEST}</hash></verification>
  <resources maxconnections="1">
   <url protocol="rsync" preference="100">rsync://a.example/9/repodata/repomd.xml</url>
   <url protocol="http" preference="99">http://b.example/9/repodata/repomd.xml</url>
   <url protocol="https" preference="90">https://c.example/9/repodata/repomd.xml</url>
   <url protocol="https" preference="95">https://d.example/9/repodata/repomd.xml</url>
   <url protocol="https" preference="98">https://e.example/9/repodata/other.xml</url>
  </resources>
 </file></files>
</metalink>"""


def test_a_metalink_vouches_for_the_index_and_orders_its_mirrors() -> None:
    assert read_mirrors(METALINK.encode()) == Mirrors(
        urls=tuple(f"{base}.example/9/repodata/repomd.xml" for base in ("https://d", "https://c", "http://b")),
        sha256=DIGEST,
    )


def test_a_list_has_a_base_url_a_line() -> None:
    text = b"# repo = BaseOS-9\nhttp://a.example/os/\nhttps://b.example/os\n\nftp://c.example/os\n"
    assert read_mirrors(text).urls == (
        "https://b.example/os/repodata/repomd.xml",
        "http://a.example/os/repodata/repomd.xml",
    )


@pytest.mark.parametrize(
    "text", [b"", b"<html><body>404</body></html>", b"<metalink>", b'<!DOCTYPE x [<!ENTITY e "x">]><file/>', b"\xff"]
)
def test_other_documents_name_no_mirror(text: bytes) -> None:
    assert read_mirrors(text) == Mirrors()


@given(st.binary(max_size=300))
def test_any_bytes_raise_nothing(content: bytes) -> None:
    read_mirrors(content)
