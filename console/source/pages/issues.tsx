import Box from "@cloudscape-design/components/box";
import { useEffect, useState } from "react";

import { call, type Issue, type IssuePage, packageNames } from "../api";
import type { PageProps } from "../app";
import { List } from "../list";
import { SeverityFilter } from "../severity-filter";
import { placeText } from "../route";
import { Empty, number, PlaceLink, SeverityBadge, Time } from "../show";

export default function Issues({ place }: PageProps) {
  const severities = place.parameters.getAll("severity");
  const text = place.parameters.get("text") ?? "";
  const run = place.parameters.get("run") ?? undefined;
  const onlyNew = place.parameters.get("new") === "yes";
  const [names, setNames] = useState(new Map<string, string>());
  useEffect(() => void packageNames().then(setNames, () => undefined), []);
  const ask = async (nextToken: string | undefined, signal?: AbortSignal) => {
    const input = { assessmentRunArn: run, severities, text, onlyNew, nextToken, maxResults: 100 };
    const page = await call<IssuePage>("ListIssues", input, signal);
    return { rows: page.issues, total: page.total, nextToken: page.nextToken };
  };
  return (
    <List<Issue>
      title="Issues"
      description={run ? `Of run ${run.split("/").at(-1)}` : "Of the run that completed last: a rule and its subject, with the hosts counted"}
      listKey={JSON.stringify([severities, text, run, onlyNew])}
      ask={ask}
      rowKey={(issue) => `${issue.ruleName} ${issue.subject}`}
      filter={<SeverityFilter page="issues" place={place} withNew />}
      empty={
        severities.length || text || onlyNew ? (
          <Empty title="No issue matches">
            <PlaceLink to={placeText("issues")}>Clear the filter</PlaceLink>
          </Empty>
        ) : (
          <Empty title="No issues">Either no run has completed, or it found nothing.</Empty>
        )
      }
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
            <PlaceLink to={placeText("findings", { rule: issue.ruleName, run })}>{issue.ruleName}</PlaceLink>
          ),
          text: (issue) => issue.ruleName,
          minWidth: 190,
        },
        { id: "subject", header: "Subject", cell: (issue) => issue.subject, text: (issue) => issue.subject, minWidth: 260 },
        {
          id: "hosts",
          header: "Hosts",
          cell: (issue) => number(issue.hosts),
          text: (issue) => String(issue.hosts),
        },
        { id: "fixed", header: "Fixed in", cell: (issue) => issue.fixedVersion ?? "-", text: (issue) => issue.fixedVersion ?? "" },
        {
          id: "score",
          header: "CVSS",
          cell: (issue) =>
            issue.exploited ? (
              <>
                {issue.score ?? "-"} <Box color="text-status-error" variant="span">exploited</Box>
              </>
            ) : (
              (issue.score ?? "-")
            ),
          text: (issue) => issue.score ?? "",
        },
        {
          id: "first",
          header: "First seen",
          cell: (issue) => <Time seconds={issue.firstSeenAt} />,
          text: (issue) => new Date(issue.firstSeenAt * 1000).toISOString(),
          minWidth: 160,
        },
        {
          id: "package",
          header: "Rules package",
          cell: (issue) => names.get(issue.rulesPackageArn) ?? "-",
          text: (issue) => names.get(issue.rulesPackageArn) ?? issue.rulesPackageArn,
          minWidth: 200,
        },
      ]}
    />
  );
}
