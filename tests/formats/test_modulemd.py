from hypothesis import given
from hypothesis import strategies as st

from openinspector.formats.modulemd import modules_by_build

CONTENT = b"""---
document: modulemd
version: 2
data:
  name: one
  stream: "1.0"
  dependencies:
  - requires:
      name: [el9]
  artifacts:
    rpms:
    - a-0:1-1.module+el9.x86_64
    - shared-0:1-1.module+el9.noarch
  components:
    rpms:
      name: not-an-artifact
...
---
document: modulemd
version: 2
data:
  name: two
  stream: rhel8
  artifacts:
    rpms:
    - shared-0:1-1.module+el9.noarch
...
---
document: modulemd-defaults
data:
  module: one
  stream: "2"
...
"""


def test_builds_belong_to_the_modules_that_list_them() -> None:
    assert modules_by_build(CONTENT) == {
        "a-0:1-1.module+el9.x86_64": {"one:1.0"},
        "shared-0:1-1.module+el9.noarch": {"one:1.0", "two:rhel8"},
    }


@given(st.binary(max_size=300))
def test_no_bytes_raise(content: bytes) -> None:
    modules_by_build(content)
