"""Results of benchmarks: an additional operation that the vendor does not have (ADR 43)."""

from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.reports.benchmarks import BenchmarkTally, ControlCounts


def get_benchmark_results(services: ApiServices, arguments: Json) -> Json:
    """Return how the controls of each benchmark came out in a run."""
    found = services.app.benchmark_results.of_run(arguments["assessmentRunArn"])
    return {"benchmarks": [_benchmark(one) for one in found]}


def _benchmark(tally: BenchmarkTally) -> Json:
    return {
        "benchmarkId": tally.id,
        "product": tally.product,
        "version": tally.version,
        "newerVersion": tally.newer or None,
        "instances": tally.instances,
        "counts": _counts(tally.counts),
        "sections": [{"section": one.number, "counts": _counts(one.counts)} for one in tally.sections],
        "controls": [
            {
                "number": one.number,
                "title": one.title,
                "counts": _counts(one.counts),
                "failedOn": list(one.failed_on),
            }
            for one in tally.controls
        ],
    }


def _counts(counts: ControlCounts) -> Json:
    return {
        "passed": counts.passed,
        "failed": counts.failed,
        "waived": counts.waived,
        "notJudged": counts.not_judged,
        "notApplicable": counts.not_applicable,
    }
