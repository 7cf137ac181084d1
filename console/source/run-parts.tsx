// Parts of a run's page: hosts, exclusions, benchmarks, coverage, comparison. One that has nothing to show is left out.

import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";

import {
  type Benchmark,
  call,
  type ControlCounts,
  describe,
  describeRuns,
  type Exclusion,
  type Host,
  listArns,
  type PackageCounts,
  type Run,
} from "./api";
import { useAsk } from "./ask";
import { Exclusions } from "./exclusions";
import { HostHealth } from "./host-health";
import { placeText } from "./route";
import { hasCompleted, hasEnded } from "./run-state";
import { Failure, number, PlaceLink } from "./show";
import { SmallTable } from "./small-table";

const MOST = 100;

interface RunAgent extends Host {
  telemetryMetadata: { count: number; dataSize?: number; messageType: string }[];
}

function Part({ title, description, children }: { title: string; description?: string; children: ReactNode }) {
  return (
    <Container header={<Header variant="h2" {...(description ? { description } : {})}>{title}</Header>}>
      {children}
    </Container>
  );
}

export function RunAgents({ run }: { run: Run }) {
  const asked = useAsk(
    `agents ${run.arn} ${run.state}`,
    (signal) =>
      call<{ assessmentRunAgents: RunAgent[]; nextToken?: string }>(
        "ListAssessmentRunAgents",
        { assessmentRunArn: run.arn, maxResults: MOST },
        signal,
      ),
    5,
    () => !hasEnded(run.state),
  );
  const agents = asked.answer?.assessmentRunAgents ?? [];
  if (asked.failure) return <Failure failure={asked.failure} again={asked.again} />;
  if (!agents.length) return null;
  return (
    <Part title="Hosts" {...(asked.answer?.nextToken ? { description: `The first ${MOST}` } : {})}>
      <SmallTable
        name="Hosts"
        head={["Host", "Agent", "Messages", "Kilobytes"]}
        rows={agents.map((one) => ({
          key: one.agentId,
          cells: [
            <PlaceLink key="id" to={placeText("host", { id: one.agentId, ...(hasCompleted(run.state) ? { run: run.arn } : {}) })}>
              {one.agentId}
            </PlaceLink>,
            <HostHealth key="health" health={one.agentHealth} />,
            number(one.telemetryMetadata.reduce((sum, part) => sum + part.count, 0)),
            number(Math.round(one.telemetryMetadata.reduce((sum, part) => sum + (part.dataSize ?? 0), 0) / 1000)),
          ],
        }))}
      />
    </Part>
  );
}

export function RunExclusions({ run }: { run: string }) {
  const asked = useAsk(`exclusions ${run}`, async (signal) => {
    const page = await call<{ exclusionArns: string[]; nextToken?: string }>(
      "ListExclusions",
      { assessmentRunArn: run, maxResults: MOST },
      signal,
    );
    const found = await describe<Exclusion>("DescribeExclusions", "exclusionArns", "exclusions", page.exclusionArns, signal);
    return { found, more: page.nextToken !== undefined };
  });
  if (asked.failure) return <Failure failure={asked.failure} again={asked.again} />;
  if (!asked.answer?.found.length) return null;
  return (
    <Part
      title={`Exclusions (${number(asked.answer.found.length)}${asked.answer.more ? " of more" : ""})`}
      description="What could not be judged, and what to do"
    >
      <Exclusions exclusions={asked.answer.found} />
    </Part>
  );
}

export function RunCoverage({ run }: { run: string }) {
  const asked = useAsk(`coverage ${run}`, (signal) =>
    call<PackageCounts & { hosts: number }>("GetRunCoverage", { assessmentRunArn: run }, signal),
  );
  if (asked.failure) return <Failure failure={asked.failure} again={asked.again} />;
  if (!asked.answer?.hosts) return null;
  const { affected, notAffected, notAssessed } = asked.answer;
  return (
    <Part title="Packages" description={`Of ${number(asked.answer.hosts)} hosts`}>
      <SmallTable
        name="Packages by conclusion"
        head={["Conclusion", "Packages"]}
        rows={[
          { key: "affected", cells: ["Affected", number(affected)] },
          { key: "not", cells: ["Not affected", number(notAffected)] },
          ...notAssessed.map((one) => ({
            key: one.reason,
            cells: [`Not assessed: ${one.message}`, number(one.packages)],
          })),
        ]}
      />
    </Part>
  );
}

const COUNTED = ["Passed", "Failed", "Waived", "Not judged", "Does not apply"];

function counted(counts: ControlCounts): string[] {
  return [counts.passed, counts.failed, counts.waived, counts.notJudged, counts.notApplicable].map(number);
}

export function Benchmarks({ run }: { run: string }) {
  const asked = useAsk(`benchmarks ${run}`, (signal) =>
    call<{ benchmarks: Benchmark[] }>("GetBenchmarkResults", { assessmentRunArn: run }, signal),
  );
  if (asked.failure) return <Failure failure={asked.failure} again={asked.again} />;
  return (
    <SpaceBetween size="l">
      {(asked.answer?.benchmarks ?? []).map((one) => {
        const failed = one.controls.filter((control) => control.counts.failed + control.counts.waived);
        return (
          <Part key={one.benchmarkId} title={`${one.product}, version ${one.version}`} description={`On ${number(one.instances)} hosts`}>
            <SpaceBetween size="m">
              <SmallTable
                name={`Sections of ${one.product}`}
                head={["Section", ...COUNTED]}
                rows={[
                  ...one.sections.map((part) => ({ key: part.section, cells: [part.section, ...counted(part.counts)] })),
                  { key: "all", cells: ["All", ...counted(one.counts)] },
                ]}
              />
              {failed.length ? (
                <ExpandableSection headerText={`Failed controls (${number(failed.length)})`}>
                  <SmallTable
                    name={`Failed controls of ${one.product}`}
                    head={["Control", "Failed", "Waived", "First hosts"]}
                    rows={failed.map((control) => ({
                      key: control.number,
                      cells: [
                        `${control.number} ${control.title}`,
                        number(control.counts.failed),
                        number(control.counts.waived),
                        control.failedOn.slice(0, 3).join(", "),
                      ],
                    }))}
                  />
                </ExpandableSection>
              ) : (
                <Box>No control failed.</Box>
              )}
            </SpaceBetween>
          </Part>
        );
      })}
    </SpaceBetween>
  );
}

/** The other completed runs of the run's template, the newest first. */
export function CompareWith({ run }: { run: Run }) {
  const asked = useAsk(`others ${run.arn}`, async (signal) => {
    const states = ["COMPLETED", "COMPLETED_WITH_ERRORS"];
    const input = { assessmentTemplateArns: [run.assessmentTemplateArn], filter: { states } };
    const arns = await listArns("ListAssessmentRuns", "assessmentRunArns", input, signal);
    return describeRuns(arns.filter((arn) => arn !== run.arn).slice(-20).reverse(), signal);
  });
  const others = asked.answer ?? [];
  if (asked.answer && !others.length) return <>no other run yet</>;
  return (
    <Select
      placeholder="Another run"
      ariaLabel="Compare with another run"
      selectedOption={null}
      options={others.map((one) => ({ value: one.arn, label: one.name }))}
      onChange={({ detail }) => {
        location.hash = placeText("compare", { run: run.arn, base: detail.selectedOption.value });
      }}
    />
  );
}
