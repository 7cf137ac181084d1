"""`openinspector runs benchmark`: how the controls of benchmarks came out in a run."""

import csv
import io
from collections.abc import Sequence
from typing import Final

import click

from openinspector.cli.client import Item
from openinspector.cli.presentation import console, print_table

_COUNTS: Final = ("passed", "failed", "waived", "notJudged", "notApplicable")


def print_benchmarks(benchmarks: Sequence[Item], *, every: bool) -> None:
    """Print the sections of each benchmark and its failed controls, or all with ``every``."""
    if not benchmarks:
        click.echo("No benchmark was judged in this run.")
    for found in benchmarks:
        console().print(f"{found['product']}, version {found['version']}: {three_numbers(found)}", style="bold")
        rows = [_section(f"Section {one['section']}", one["counts"]) for one in found["sections"]]
        columns = ("", "SHARE PASSED", "PASSED", "FAILED", "WAIVED", "NOT JUDGED", "NOT APPLICABLE")
        print_table(columns, [*rows, _section("All", found["counts"])], empty="No controls.")
        shown = [one for one in found["controls"] if every or one["counts"]["failed"] or one["counts"]["waived"]]
        print_table(
            ("CONTROL", "FAILED", "WAIVED", "PASSED", "NOT JUDGED", "FAILED ON"),
            [_control(one) for one in shown],
            empty="No control failed.",
        )


def three_numbers(benchmark: Item) -> str:
    """Return passed, failed and not judged on all instances, as one line."""
    counts = benchmark["counts"]
    failed = counts["failed"] + counts["waived"]
    waived = f" ({counts['waived']} waived)" if counts["waived"] else ""
    instances = f"{benchmark['instances']} instance{'s' * (benchmark['instances'] != 1)}"
    return f"{counts['passed']} passed, {failed} failed{waived}, {counts['notJudged']} not judged on {instances}"


def benchmarks_csv(benchmarks: Sequence[Item]) -> str:
    """Return one line per control, with its numbers of instances."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("benchmark", "version", "control", "title", *_COUNTS, "failedOn"))
    for found in benchmarks:
        for one in found["controls"]:
            numbers = (one["counts"][name] for name in _COUNTS)
            hosts = " ".join(one["failedOn"])
            writer.writerow((found["benchmarkId"], found["version"], one["number"], one["title"], *numbers, hosts))
    return out.getvalue()


def _section(name: str, counts: Item) -> tuple[str, ...]:
    judged = counts["passed"] + counts["failed"] + counts["waived"]
    share = f"{100 * counts['passed'] / judged:.0f} %" if judged else "–"
    return name, share, *(str(counts[each]) for each in _COUNTS)


def _control(one: Item) -> tuple[str, ...]:
    counts = one["counts"]
    numbers = (str(counts[name]) for name in ("failed", "waived", "passed", "notJudged"))
    return f"{one['number']} {one['title']}", *numbers, ", ".join(one["failedOn"])
