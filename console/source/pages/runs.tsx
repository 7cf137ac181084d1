import { describeRuns, listArns, type Run, SEVERITIES } from "../api";
import { List, type ListColumn } from "../list";
import { placeText } from "../route";
import { RunState } from "../run-state";
import { Empty, PlaceLink, SeverityCounts, Time } from "../show";

export default function Runs() {
  const ask = async (_nextToken: string | undefined, signal?: AbortSignal) => {
    const arns = await listArns("ListAssessmentRuns", "assessmentRunArns", {}, signal);
    const rows = await describeRuns(arns.slice(-SHOWN), signal);
    rows.sort((one, other) => other.createdAt - one.createdAt);
    return { rows, total: arns.length };
  };
  return (
    <List<Run>
      title="Runs"
      description={`The newest ${SHOWN}. They are shown as they proceed.`}
      listKey="runs"
      ask={ask}
      seconds={5}
      topics={["runs"]}
      rowKey={(run) => run.arn}
      empty={<Empty title="No runs"><PlaceLink to="#/templates">Start one of a template</PlaceLink></Empty>}
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
    cell: (run) => <PlaceLink to={placeText("run", { arn: run.arn })}>{run.name}</PlaceLink>,
    text: (run) => run.name,
    minWidth: 220,
  },
  {
    id: "state",
    header: "State",
    cell: (run) => <RunState state={run.state} />,
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
