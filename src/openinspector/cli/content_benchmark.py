"""`openinspector benchmark --content FILE`: a host judged by content that the administrator brings."""

from collections.abc import Callable, Mapping, Sequence
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from openinspector.cli.layout import Styled
from openinspector.cli.presentation import print_json, print_line, print_paragraph, print_table

if TYPE_CHECKING:
    from openinspector.model.facts import HostFacts
    from openinspector.scap.content import Content, ContentProfile
    from openinspector.scap.judge import JudgedRule

_SHOWN_REASONS: Final = 10
_PREFIXES: Final = ("xccdf_org.ssgproject.content_profile_", "xccdf_org.ssgproject.content_rule_")


def read_content(path: Path) -> "Content":
    """Return the content of a data stream, which may be compressed with xz, gzip or bzip2. ContentError."""
    import bz2
    import gzip
    import lzma

    from openinspector.scap.stream import MAX_BYTES, ContentError, read_stream

    readers: Mapping[str, Callable[[Path], BufferedIOBase]] = {
        ".xz": lzma.LZMAFile,
        ".gz": gzip.GzipFile,
        ".bz2": bz2.BZ2File,
    }
    try:
        reader = readers.get(path.suffix)
        with reader(path) if reader is not None else path.open("rb") as file:
            return read_stream(file.read(MAX_BYTES + 1))
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise ContentError(f"{path} cannot be read: {error}") from error


def judge_by_content(content: "Content", label: str | None, facts: "HostFacts", *, as_json: bool) -> None:
    """Print the verdicts on a profile's rules; without ``label``, list the profiles."""
    from openinspector.scap.judge import judge

    if label is None:
        _list_profiles(content, as_json=as_json)
        return
    profile = _profile(content, label)
    results = judge(content, profile, facts)
    if as_json:
        print_json({"agentId": facts.agent_id, **_results_json(content, profile, results)})
    else:
        _print(content, profile, results)


def _profile(content: "Content", label: str) -> "ContentProfile":
    found = [p for name, p in content.profiles.items() if label.lower() in (name.lower(), short(name).lower())]
    if not found:
        raise click.BadParameter(f"the content has {', '.join(map(short, content.profiles))}.", param_hint="--profile")
    return found[0]


def short(name: str) -> str:
    """Return an id without the prefix that all ids of ComplianceAsCode have."""
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name


def _list_profiles(content: "Content", *, as_json: bool) -> None:
    if as_json:
        profiles = [{"id": p.id, "title": p.title, "rules": len(p.rules)} for p in content.profiles.values()]
        print_json({"title": content.title, "version": content.version, "profiles": profiles, **_left_out(content)})
        return
    print_paragraph(f"{content.title}, version {content.version}", "bold")
    rows = [(short(p.id), str(len(p.rules)), p.title) for p in content.profiles.values()]
    print_table(("PROFILE", "RULES", "TITLE"), rows, empty="No profiles.")


def _results_json(content: "Content", profile: "ContentProfile", results: "Sequence[JudgedRule]") -> dict[str, object]:
    from openinspector.scap.judge import counts

    return {
        "content": content.title,
        "version": content.version,
        "profile": profile.id,
        **_left_out(content),
        "counts": {status.value: count for status, count in counts(results).items()},
        "rules": [
            {
                "rule": result.rule.id,
                "title": result.rule.title,
                "severity": result.rule.severity,
                "controls": result.rule.controls,
                "status": result.status,
                "because": result.because,
            }
            for result in results
        ],
    }


def _left_out(content: "Content") -> dict[str, object]:
    left_out = content.left_out
    return {
        "leftOut": {
            "fixes": left_out.fixes,
            "scripts": left_out.scripts,
            "questionnaires": left_out.questionnaires,
        }
    }


def _print(content: "Content", profile: "ContentProfile", results: "Sequence[JudgedRule]") -> None:
    from collections import Counter

    from openinspector.scap.judge import RuleStatus, counts

    failed = [result.rule for result in results if result.status is RuleStatus.FAIL]
    rows = [(rule.severity, short(rule.id), rule.title) for rule in failed]
    print_table(("SEVERITY", "FAILED RULE", "TITLE"), rows, empty="No rule failed.")
    print_paragraph()
    reasons = Counter(result.because for result in results if result.status is RuleStatus.UNKNOWN)
    for because, count in reasons.most_common(_SHOWN_REASONS):
        print_paragraph(f"Not known: {count}, because {because}.")
    if len(reasons) > _SHOWN_REASONS:
        print_paragraph(f"Further reasons: {len(reasons) - _SHOWN_REASONS}; --json has each rule's.")
    print_line(Styled(f"{content.title}, version {content.version}, {profile.title}", "bold"))
    found = counts(results)
    print_paragraph(
        f"{found[RuleStatus.PASS]} passed, {found[RuleStatus.FAIL]} failed, {found[RuleStatus.UNKNOWN]} not known, "
        f"{found[RuleStatus.NOT_APPLICABLE]} not applicable, {found[RuleStatus.NOT_CHECKED]} without a check."
    )
    left_out = content.left_out
    if left_out.fixes or left_out.scripts or left_out.questionnaires:
        print_paragraph(
            f"Left out of the content: fixes: {left_out.fixes}, scripts: {left_out.scripts}, "
            f"questionnaires: {left_out.questionnaires}."
        )
