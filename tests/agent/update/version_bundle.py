"""Bundles whose executable runs this checkout's Python, as a version of their own: release.json says which."""

import shlex
import sys
from collections.abc import Mapping

ENTRY = """#!/bin/sh
here=$(CDPATH= cd -P "$(dirname "$0")" && pwd)
export OPENINSPECTOR_AGENT_VERSION_FOLDER="$here"
export PYTHONPATH="$here${{PYTHONPATH:+:$PYTHONPATH}}"
exec {python} -m openinspector.agent "$@"
"""

LACKS_A_SENSOR = """
import sys

sys.modules["openinspector.agent.sensors.dpkg"] = None
"""
"""A sitecustomize of a version that was built without one of its modules."""

CRASHES_LATER = """
import os, sys, threading

if "run-experiment" in sys.orig_argv:
    threading.Timer(4.0, lambda: os._exit(70)).start()
"""

HANGS = """
import sys, time

if "run-experiment" in sys.orig_argv:
    time.sleep(3600)
"""


def version_files(customised: str = "") -> Mapping[str, tuple[bytes, int]]:
    """Return the files of a version; ``customised`` is run first in each of its processes."""
    entry = ENTRY.format(python=shlex.quote(sys.executable)).encode()
    files = {"openinspector-agent": (entry, 0o755)}
    return {**files, "sitecustomize.py": (customised.encode(), 0o644)} if customised else files
