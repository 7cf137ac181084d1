import SplitPanel from "@cloudscape-design/components/split-panel";
import { useEffect, useState } from "react";

import { call, type FindingPage, type FindingRow, packageNames } from "../api";
import type { PageProps } from "../app";
import { FindingDetail } from "../finding-detail";
import { List } from "../list";
import { placeText, replacePlace } from "../route";
import { SeverityFilter } from "../severity-filter";
import { Empty, PlaceLink, printable, SeverityBadge, Time } from "../show";
import { useSplit } from "../split";

export default function Findings({ place }: PageProps) {
  const all = (name: string) => place.parameters.getAll(name);
  const filter = {
    assessmentRunArn: place.parameters.get("run") ?? undefined,
    severities: all("severity"),
    ruleNames: all("rule"),
    agentIds: all("host"),
    rulesPackageArns: all("package"),
  };
  const selected = place.parameters.get("show") ?? "";
  const [names, setNames] = useState(new Map<string, string>());
  useEffect(() => void packageNames().then(setNames, () => undefined), []);
  const withShown = (arn: string) => {
    const parameters: Record<string, string[]> = {};
    for (const name of new Set(place.parameters.keys())) if (name !== "show") parameters[name] = all(name);
    return placeText("findings", arn ? { ...parameters, show: arn } : parameters);
  };
  useSplit(selected, () => ({
    panel: (
      <SplitPanel header="Finding" hidePreferencesButton>
        <FindingDetail arn={selected} />
      </SplitPanel>
    ),
    close: () => replacePlace(withShown("")),
  }));
  const ask = async (nextToken: string | undefined, signal?: AbortSignal) => {
    const page = await call<FindingPage>("ListFindingRows", { ...filter, nextToken, maxResults: 100 }, signal);
    return { rows: page.findings, total: page.total, nextToken: page.nextToken };
  };
  const isFiltered = [...place.parameters.keys()].some((name) => name !== "show");
  return (
    <List<FindingRow>
      title="Findings"
      description={
        filter.assessmentRunArn ? `Of run ${filter.assessmentRunArn.split("/").at(-1)}` : "Of the run that completed last"
      }
      listKey={JSON.stringify(filter)}
      ask={ask}
      rowKey={(row) => row.arn}
      exportLink={async (format) => (await call<{ url: string }>("ExportFindings", { ...filter, format })).url}
      selected={selected}
      onSelect={(row) => replacePlace(withShown(row.arn))}
      filter={<SeverityFilter page="findings" place={place} ofFindings />}
      empty={
        isFiltered ? (
          <Empty title="No finding matches">
            <PlaceLink to={placeText("findings")}>Clear the filter</PlaceLink>
          </Empty>
        ) : (
          <Empty title="No findings">Either no run has completed, or it found nothing.</Empty>
        )
      }
      columns={[
        {
          id: "severity",
          header: "Severity",
          cell: (row) => <SeverityBadge severity={row.severity} />,
          text: (row) => row.severity,
          minWidth: 120,
        },
        {
          id: "rule",
          header: "Finding",
          isRowHeader: true,
          cell: (row) => <PlaceLink to={placeText("finding", { arn: row.arn })}>{row.ruleName}</PlaceLink>,
          text: (row) => row.ruleName,
          minWidth: 190,
        },
        { id: "subject", header: "Subject", cell: (row) => row.subject, text: (row) => row.subject, minWidth: 260 },
        {
          id: "host",
          header: "Host",
          cell: (row) => printable(row.hostname ?? row.agentId ?? "-"),
          text: (row) => row.hostname ?? "",
          minWidth: 160,
        },
        {
          id: "package",
          header: "Rules package",
          cell: (row) => names.get(row.rulesPackageArn) ?? "-",
          text: (row) => names.get(row.rulesPackageArn) ?? row.rulesPackageArn,
          minWidth: 200,
        },
        {
          id: "created",
          header: "Found",
          cell: (row) => <Time seconds={row.createdAt} />,
          text: (row) => new Date(row.createdAt * 1000).toISOString(),
          minWidth: 160,
        },
      ]}
    />
  );
}
