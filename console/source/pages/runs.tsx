import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";

import { call, type Run, SEVERITIES } from "../api";
import { List, type ListColumn } from "../list";
import { placeText } from "../route";
import { Empty, PlaceLink, SeverityCounts, Time } from "../show";

const ENDED: Record<string, StatusIndicatorProps.Type> = {
  COMPLETED: "success",
  COMPLETED_WITH_ERRORS: "warning",
  FAILED: "error",
  ERROR: "error",
  CANCELED: "stopped",
};

export default function Runs() {
  const ask = async (_nextToken: string | undefined, signal?: AbortSignal) => {
    const arns: string[] = [];
    let nextToken: string | undefined;
    do {
      const page: { assessmentRunArns: string[]; nextToken?: string } = await call(
        "ListAssessmentRuns",
        { maxResults: 100, nextToken },
        signal,
      );
      arns.push(...page.assessmentRunArns);
      nextToken = page.nextToken;
    } while (nextToken);
    const newest = arns.reverse();
    const rows: Run[] = [];
    for (let start = 0; start < Math.min(newest.length, SHOWN); start += 10) {
      const wanted = newest.slice(start, start + 10);
      const found = await call<{ assessmentRuns: Run[] }>("DescribeAssessmentRuns", { assessmentRunArns: wanted }, signal);
      rows.push(...found.assessmentRuns);
    }
    rows.sort((one, other) => other.createdAt - one.createdAt);
    return { rows, total: arns.length };
  };
  return (
    <List<Run>
      title="Runs"
      description={`The newest ${SHOWN}. Runs in progress are read again every five seconds.`}
      listKey="runs"
      ask={ask}
      seconds={5}
      rowKey={(run) => run.arn}
      empty={<Empty title="No runs">Start one: openinspector runs start TEMPLATE</Empty>}
      columns={COLUMNS}
    />
  );
}

const SHOWN = 50;

const COLUMNS: ListColumn<Run>[] = [
  {
    id: "name",
    header: "Run",
    isRowHeader: true,
    cell: (run) =>
      run.state in ENDED ? <PlaceLink to={placeText("findings", { run: run.arn })}>{run.name}</PlaceLink> : run.name,
    text: (run) => run.name,
    minWidth: 220,
  },
  {
    id: "state",
    header: "State",
    cell: (run) => <StatusIndicator type={ENDED[run.state] ?? "in-progress"}>{words(run.state)}</StatusIndicator>,
    text: (run) => run.state,
    minWidth: 200,
  },
  {
    id: "findings",
    header: "Findings",
    cell: (run) => (
      <SeverityCounts counts={SEVERITIES.map((severity) => ({ severity, count: run.findingCounts[severity] ?? 0 }))} />
    ),
    text: (run) => SEVERITIES.map((severity) => run.findingCounts[severity] ?? 0).join(" "),
    minWidth: 260,
  },
  {
    id: "issues",
    header: "Issues",
    cell: (run) =>
      run.state.startsWith("COMPLETED") ? <PlaceLink to={placeText("issues", { run: run.arn })}>Issues</PlaceLink> : "-",
    minWidth: 90,
  },
  { id: "created", header: "Created", cell: (run) => <Time seconds={run.createdAt} />, text: (run) => iso(run.createdAt), minWidth: 160 },
  {
    id: "completed",
    header: "Ended",
    cell: (run) => (run.completedAt ? <Time seconds={run.completedAt} /> : "-"),
    text: (run) => (run.completedAt ? iso(run.completedAt) : ""),
    minWidth: 160,
  },
];

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

/** A state of the API as words: COLLECTING_DATA, "Collecting data". */
function words(state: string): string {
  const text = state.replaceAll("_", " ").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
