"""Pages of the built-in benchmarks: each control with its profiles, and why some are left to people."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from openinspector.cis.benchmark import Benchmark, Control
from openinspector.cis.benchmarks import BENCHMARKS

FOLDER = "benchmarks"
_NOTE = (
    "Numbers, levels and roles follow the benchmark; titles and requirements are in our own words. "
    "This project is not affiliated with CIS or certified by it.\n"
)


def benchmark_pages() -> Mapping[str, str]:
    """Return the text of each page by its name below docs/reference, without the suffix."""
    benchmarks = [built_in.load() for built_in in BENCHMARKS]
    pages = {f"{FOLDER}/{benchmark.id}": _page(benchmark) for benchmark in benchmarks}
    return {f"{FOLDER}/index": _index(benchmarks), **pages}


def _index(benchmarks: Sequence[Benchmark]) -> str:
    rows = (
        (
            f"[{benchmark.product}]({benchmark.id}.md)",
            benchmark.version,
            ", ".join(profile.label for profile in benchmark.profiles),
            str(len(benchmark.controls)),
            _share(benchmark),
        )
        for benchmark in benchmarks
    )
    return f"# Benchmarks\n\n{_NOTE}\n" + table(("Product", "Version", "Profiles", "Controls", "Judged"), rows)


def _page(benchmark: Benchmark) -> str:
    newer = f" CIS has published version {benchmark.newer} since." if benchmark.newer else ""
    judged = sum(not control.left_to_people for control in benchmark.controls)
    return (
        f"# {benchmark.product}, version {benchmark.version}\n\n"
        f"{judged} of {len(benchmark.controls)} controls ({_share(benchmark)}) are judged from facts; the others are "
        f"left to people.{newer} {_NOTE}\n" + table(("Control", "Profiles", "Title", "Judged"), _rows(benchmark))
    )


def _rows(benchmark: Benchmark) -> Iterator[tuple[str, ...]]:
    for control in benchmark.controls:
        profiles = ", ".join(profile.label for profile in benchmark.profiles_of(control))
        yield control.number, profiles, _literal(control.title), _judged(control)


def _judged(control: Control) -> str:
    reason = " ".join(control.left_to_people)
    return f"no: {reason}" if reason else "yes"


def _literal(title: str) -> str:
    return title.replace("*", "\\*").replace("_", "\\_").replace("<", "&lt;")


def _share(benchmark: Benchmark) -> str:
    judged = sum(not control.left_to_people for control in benchmark.controls)
    return f"{100 * judged / len(benchmark.controls):.0f} %"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines)
