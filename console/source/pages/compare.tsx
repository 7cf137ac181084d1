import SegmentedControl from "@cloudscape-design/components/segmented-control";

import { call, describeRuns, type Issue } from "../api";
import type { PageProps } from "../app";
import { useAsk } from "../ask";
import { List } from "../list";
import { placeText, replacePlace } from "../route";
import { Empty, number, PlaceLink, SeverityBadge } from "../show";

const CHANGES = { NEW: "New", GONE: "Gone", SAME: "Same" } as const;
type Change = keyof typeof CHANGES;

interface ChangePage {
  issues: Issue[];
  newIssues: number;
  goneIssues: number;
  sameIssues: number;
  nextToken?: string;
}

export default function Compare({ place }: PageProps) {
  const run = place.parameters.get("run") ?? "";
  const base = place.parameters.get("base") ?? "";
  const asked = place.parameters.get("change") ?? "NEW";
  const change: Change = asked in CHANGES ? (asked as Change) : "NEW";
  const names = useAsk(`${run} ${base}`, (signal) => describeRuns([run, base], signal));
  const name = (arn: string) => names.answer?.find((one) => one.arn === arn)?.name ?? "";
  const changes = (wanted: Change, maxResults: number, nextToken: string | undefined, signal?: AbortSignal) =>
    call<ChangePage>(
      "ListIssueChanges",
      { assessmentRunArn: run, baseAssessmentRunArn: base, change: wanted, maxResults, nextToken },
      signal,
    );
  const counts = useAsk(`counts ${run} ${base}`, (signal) => changes("NEW", 1, undefined, signal));
  const total = (page: ChangePage, wanted: Change) =>
    ({ NEW: page.newIssues, GONE: page.goneIssues, SAME: page.sameIssues })[wanted];
  const ask = async (nextToken: string | undefined, signal?: AbortSignal) => {
    const page = await changes(change, 100, nextToken, signal);
    return { rows: page.issues, total: total(page, change), nextToken: page.nextToken };
  };
  const found = change === "GONE" ? base : run;
  return (
    <List<Issue>
      title={`${CHANGES[change]} issues`}
      description={
        <>
          <PlaceLink to={placeText("run", { arn: run })}>{name(run) || "Run"}</PlaceLink> against{" "}
          <PlaceLink to={placeText("run", { arn: base })}>{name(base) || "another run"}</PlaceLink>
        </>
      }
      listKey={`${run} ${base} ${change}`}
      ask={ask}
      rowKey={(issue) => `${issue.ruleName} ${issue.subject}`}
      filter={
        <SegmentedControl
          label="Which issues"
          selectedId={change}
          onChange={({ detail }) => replacePlace(placeText("compare", { run, base, change: detail.selectedId }))}
          options={Object.entries(CHANGES).map(([id, text]) => ({
            id,
            text: counts.answer ? `${text} (${number(total(counts.answer, id as Change))})` : text,
          }))}
        />
      }
      empty={<Empty title={`No issue is ${CHANGES[change].toLowerCase()}`} />}
      columns={[
        {
          id: "severity",
          header: "Severity",
          cell: (issue) => <SeverityBadge severity={issue.severity} />,
          text: (issue) => issue.severity,
          minWidth: 120,
        },
        {
          id: "rule",
          header: "Issue",
          isRowHeader: true,
          cell: (issue) => (
            <PlaceLink to={placeText("findings", { rule: issue.ruleName, run: found })}>{issue.ruleName}</PlaceLink>
          ),
          text: (issue) => issue.ruleName,
          minWidth: 190,
        },
        { id: "subject", header: "Subject", cell: (issue) => issue.subject, text: (issue) => issue.subject, minWidth: 260 },
        { id: "hosts", header: "Hosts", cell: (issue) => number(issue.hosts), text: (issue) => String(issue.hosts) },
        {
          id: "fixed",
          header: "Fixed in",
          cell: (issue) => issue.fixedVersion ?? "-",
          text: (issue) => issue.fixedVersion ?? "",
        },
      ]}
    />
  );
}
