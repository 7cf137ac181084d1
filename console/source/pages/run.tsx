import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useState } from "react";

import { describeRuns, type Run, SEVERITIES } from "../api";
import type { PageProps } from "../app";
import { useAsk } from "../ask";
import { placeText } from "../route";
import { Benchmarks, CompareWith, RunAgents, RunCoverage, RunExclusions } from "../run-parts";
import { RunReport } from "../run-report";
import { hasCompleted, hasEnded, RunState, words } from "../run-state";
import { Empty, Failure, PlaceLink, SeverityCounts, Time } from "../show";
import { useMayOperate } from "../signed-in";
import { SmallTable } from "../small-table";
import { StopDialog } from "../stop-dialog";

export default function RunPage({ place }: PageProps) {
  const arn = place.parameters.get("arn") ?? "";
  const mayOperate = useMayOperate();
  const [stopping, setStopping] = useState(false);
  const asked = useAsk(
    arn,
    async (signal) => (await describeRuns([arn], signal))[0] ?? null,
    3,
    (run) => run !== null && !hasEnded(run.state),
    ["runs"],
  );
  const run = asked.answer;
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          actions={
            run ? (
              <SpaceBetween direction="horizontal" size="xs">
                {mayOperate && !hasEnded(run.state) ? <Button onClick={() => setStopping(true)}>Stop run</Button> : null}
                {hasCompleted(run.state) ? <RunReport run={arn} /> : null}
              </SpaceBetween>
            ) : undefined
          }
        >
          {`Run ${run?.name ?? ""}`}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Failure failure={asked.failure} again={asked.again} />
        {asked.loading ? <Spinner /> : null}
        {run === null ? (
          <Empty title="There is no such run">
            It may have been deleted. <PlaceLink to="#/runs">All runs</PlaceLink>
          </Empty>
        ) : null}
        {run ? <Whole run={run} /> : null}
      </SpaceBetween>
      {stopping ? <StopDialog run={arn} onClose={() => setStopping(false)} onDone={asked.again} /> : null}
    </ContentLayout>
  );
}

function Whole({ run }: { run: Run }) {
  const counts = SEVERITIES.map((severity) => ({ severity, count: run.findingCounts[severity] ?? 0 }));
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Result</Header>}>
        <KeyValuePairs
          columns={4}
          minColumnWidth={170}
          items={[
            { label: "State", value: <RunState state={run.state} /> },
            { label: "Findings", value: <SeverityCounts counts={counts} /> },
            { label: "Started", value: <Time seconds={run.startedAt ?? run.createdAt} /> },
            { label: "Ended", value: run.completedAt ? <Time seconds={run.completedAt} /> : "in progress" },
            ...(hasEnded(run.state)
              ? [
                  {
                    label: "Look at",
                    value: (
                      <SpaceBetween direction="horizontal" size="s">
                        <PlaceLink to={placeText("findings", { run: run.arn })}>Findings</PlaceLink>
                        <PlaceLink to={placeText("issues", { run: run.arn })}>Issues</PlaceLink>
                      </SpaceBetween>
                    ),
                  },
                ]
              : []),
            ...(hasCompleted(run.state) ? [{ label: "Compare with", value: <CompareWith run={run} /> }] : []),
          ]}
        />
      </Container>
      <RunAgents run={run} />
      {hasEnded(run.state) ? <RunExclusions run={run.arn} /> : null}
      {hasCompleted(run.state) ? <Benchmarks run={run.arn} /> : null}
      {hasCompleted(run.state) ? <RunCoverage run={run.arn} /> : null}
      <Container header={<Header variant="h2">States</Header>}>
        <SmallTable
          name="States"
          head={["State", "Entered"]}
          rows={run.stateChanges.map((one) => ({
            key: `${one.state} ${one.stateChangedAt}`,
            cells: [words(one.state), <Time key="at" seconds={one.stateChangedAt} />],
          }))}
        />
      </Container>
    </SpaceBetween>
  );
}
