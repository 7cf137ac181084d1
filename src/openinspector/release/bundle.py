"""A bundle's description of itself: the ``release.json`` in it."""

import io
import tarfile
from typing import Final

import msgspec

from openinspector.release.error import ReleaseError
from openinspector.wire.release import RELEASE_FILE, Release

MAX_RELEASE_BYTES: Final = 4096


def read_release(bundle: bytes) -> Release:
    """Return the release a bundle holds; ReleaseError."""
    try:
        with tarfile.open(fileobj=io.BytesIO(bundle), mode="r:gz") as archive:
            for member in archive:
                if member.name.removeprefix("./") == RELEASE_FILE and member.isfile():
                    content = archive.extractfile(member)
                    assert content is not None
                    return msgspec.json.decode(content.read(MAX_RELEASE_BYTES), type=Release)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ReleaseError(f"the bundle is not a tar.gz: {error}") from error
    except msgspec.MsgspecError as error:
        raise ReleaseError(f"{RELEASE_FILE} in the bundle is not understood: {error}") from error
    raise ReleaseError(f"there is no {RELEASE_FILE} in the bundle", advice="Bundles are made by: make packages")
