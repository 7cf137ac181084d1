import Box from "@cloudscape-design/components/box";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useState } from "react";

import { call, type Host, type HostPage, SEVERITIES } from "../api";
import type { PageProps } from "../app";
import { HostHealth } from "../host-health";
import { type ListColumn, List } from "../list";
import { placeText, replacePlace } from "../route";
import { Empty, PlaceLink, printable, SeverityCounts, Time } from "../show";

export default function Hosts({ place }: PageProps) {
  const text = place.parameters.get("text") ?? "";
  const [typed, setTyped] = useState(text);
  const ask = async (nextToken: string | undefined, signal?: AbortSignal) => {
    const page = await call<HostPage>("ListHosts", { text, nextToken, maxResults: 100 }, signal);
    return { rows: page.hosts, total: page.total, nextToken: page.nextToken };
  };
  return (
    <List<Host>
      title="Hosts"
      description="With their findings in the run that completed last"
      listKey={text}
      ask={ask}
      seconds={15}
      topics={["hosts", "issues"]}
      rowKey={(host) => host.agentId}
      filter={
        <TextFilter
          filteringText={typed}
          filteringPlaceholder="Find by name or id"
          filteringAriaLabel="Find hosts"
          onChange={({ detail }) => setTyped(detail.filteringText)}
          onDelayedChange={({ detail }) => replacePlace(placeText("hosts", { text: detail.filteringText }))}
        />
      }
      empty={
        text ? (
          <Empty title="No host matches">
            <PlaceLink to="#/hosts">Clear the filter</PlaceLink>
          </Empty>
        ) : (
          <Empty title="No host yet">
            Let one enrol: <Box variant="code">openinspector admin tokens create</Box>
          </Empty>
        )
      }
      columns={COLUMNS}
    />
  );
}

const COLUMNS: ListColumn<Host>[] = [
  {
    id: "name",
    header: "Host",
    isRowHeader: true,
    cell: (host) => (
      <PlaceLink to={placeText("host", { id: host.agentId })}>{printable(host.hostname ?? host.agentId)}</PlaceLink>
    ),
    text: (host) => host.hostname ?? "",
    minWidth: 200,
  },
  {
    id: "findings",
    header: "Findings",
    cell: (host) => <SeverityCounts counts={host.severityCounts} />,
    text: (host) =>
      SEVERITIES.map((one) => host.severityCounts.find((found) => found.severity === one)?.count ?? 0).join(" "),
    minWidth: 260,
  },
  {
    id: "health",
    header: "Agent",
    cell: (host) =>
      <HostHealth health={host.agentHealth} />,
    text: (host) => host.agentHealth ?? "none",
    minWidth: 120,
  },
  {
    id: "heartbeat",
    header: "Last heartbeat",
    cell: (host) => <Time seconds={host.lastHeartbeatAt} />,
    text: (host) => (host.lastHeartbeatAt ? new Date(host.lastHeartbeatAt * 1000).toISOString() : ""),
    minWidth: 160,
  },
  { id: "system", header: "System", cell: (host) => host.distribution ?? "-", text: (host) => host.distribution ?? "" },
  { id: "agent", header: "Agent version", cell: (host) => host.agentVersion ?? "-", text: (host) => host.agentVersion ?? "" },
  {
    id: "tags",
    header: "Tags",
    cell: (host) => printable(tags(host)) || "-",
    text: tags,
    minWidth: 140,
  },
  { id: "id", header: "Id", cell: (host) => host.agentId, text: (host) => host.agentId, minWidth: 220 },
];

function tags(host: Host): string {
  return (host.tags ?? []).map((tag) => (tag.value ? `${tag.key}=${tag.value}` : tag.key)).join(", ");
}
