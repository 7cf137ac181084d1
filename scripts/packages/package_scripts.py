"""The scripts around a package's files: one body of shell, called as dpkg (deb-postinst(5)) and as rpm call them."""

from collections.abc import Mapping

from scripts.packages.release import ROOT


def debian_scripts(version: str) -> Mapping[str, str]:
    """Return dpkg's maintainer scripts by name."""
    calls = {
        "postinst": 'if [ "$1" = configure ]; then\n    if [ -z "${2-}" ]; then how=first; else how=upgrade; fi\n'
        '    after_install "$how"\nfi\n',
        "prerm": 'if [ "$1" = remove ]; then before_remove; fi\n',
        "postrm": "case $1 in\n    remove | disappear) after_remove ;;\n    purge) after_purge ;;\nesac\n",
    }
    return {name: f"#!/bin/sh\nset -e\n{_body(version)}\n{call}" for name, call in calls.items()}


def rpm_scripts(version: str) -> Mapping[str, str]:
    """Return rpm's scriptlets by section; ``$1`` is how many versions of the package remain."""
    calls = {
        "post": 'if [ "$1" = 1 ]; then after_install first; else after_install upgrade; fi',
        "preun": 'if [ "$1" = 0 ]; then before_remove; fi',
        "postun": 'if [ "$1" = 0 ]; then after_remove; fi',
    }
    return {name: f"{_body(version)}\n{call}\nexit 0\n" for name, call in calls.items()}


def _body(version: str) -> str:
    return f"VERSION={version}\n" + (ROOT / "packaging" / "package-scripts.sh").read_text()
