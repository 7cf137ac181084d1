from pathlib import Path

import pytest

from openinspector.model.errors import StoreError
from openinspector.service.aws_certificates import load_region_certificates
from openinspector.testing.instance_documents import DocumentAuthority

OURS = DocumentAuthority()


def test_each_file_is_a_regions(tmp_path: Path) -> None:
    (tmp_path / "eu-west-1.pem").write_bytes(OURS.pem)
    (tmp_path / "README.txt").write_text("not looked at")
    assert load_region_certificates(tmp_path) == {"eu-west-1": OURS.certificate}


@pytest.mark.parametrize("content", [b"", b"text", OURS.pem * 2, OURS.pem[:-60], DocumentAuthority(bits=1024).pem])
def test_a_file_that_is_not_one_strong_certificate_stops_the_service(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "eu-west-1.pem").write_bytes(content)
    with pytest.raises(StoreError, match="eu-west-1.pem"):
        load_region_certificates(tmp_path)


def test_a_folder_without_certificates_stops_the_service(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(StoreError, match="no <region>.pem"):
            load_region_certificates(folder)
