"""Opens the telemetry of past runs for commands that run where the service's data is."""

from openinspector.service.app.run_keys import RunKeys
from openinspector.service.bootstrap import advisory_cache, telemetry_of
from openinspector.service.settings import Settings
from openinspector.service.store_access import open_stores
from openinspector.service.system_clock import SystemClock
from openinspector.service.worker.stored_runs import StoredRuns
from openinspector.service.worker.template_choices import TemplateChoices


def open_stored_runs(settings: Settings) -> StoredRuns:
    """Open the telemetry of past runs, with the advisories that are in force; StoreError."""
    stores = open_stores(settings)
    keys = RunKeys(stores.keys, stores.telemetry, SystemClock(), settings.account)
    return StoredRuns(
        assessments=stores.assessments,
        index=stores.telemetry,
        telemetry=telemetry_of(settings, stores, keys),
        advisories=advisory_cache(stores),
        findings=stores.findings,
        choices=TemplateChoices(waivers=stores.waivers, tailorings=stores.tailorings),
    )
