from openinspector.service.ports.telemetry_store import Stream
from openinspector.service.worker.open_agents import open_agents
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import BuiltInstallation


def test_an_agent_is_open_until_its_stream_is_closed(built: BuiltInstallation) -> None:
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(builders.template())
    run = builders.run().arn
    first, second = built.heartbeat(1).id, built.heartbeat(2).id
    built.stores.assessments.add_run(builders.run(), [first, second])
    assert open_agents(built.stores.assessments, built.stores.telemetry, run) == (first, second)
    closed = Stream(agent_id=first, name="collection", watermark=0, closed_at=built.clock.now(), dropped=0)
    built.stores.telemetry.close_stream(run, closed)
    assert open_agents(built.stores.assessments, built.stores.telemetry, run) == (second,)
