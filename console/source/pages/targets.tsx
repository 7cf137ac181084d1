import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import SplitPanel from "@cloudscape-design/components/split-panel";
import { useState } from "react";

import { allTargets, type Attribute, call, describe, type Host, type Target } from "../api";
import type { PageProps } from "../app";
import { useAsk } from "../ask";
import { HostHealth } from "../host-health";
import { List } from "../list";
import { placeText, replacePlace } from "../route";
import { Empty, Failure, number, PlaceLink, printable, Time } from "../show";
import { useMayOperate } from "../signed-in";
import { SmallTable } from "../small-table";
import { useSplit } from "../split";
import { tagsText } from "../tags-input";
import { TargetDialog } from "../target-dialog";

interface Row extends Target {
  tags: Attribute[];
}

export default function Targets({ place }: PageProps) {
  const shown = place.parameters.get("show") ?? "";
  const mayOperate = useMayOperate();
  const [dialog, setDialog] = useState<{ target?: Row }>();
  const [turn, setTurn] = useState(0);
  useSplit(shown, () => ({
    panel: (
      <SplitPanel header="Preview target" hidePreferencesButton>
        <Preview arn={shown} />
      </SplitPanel>
    ),
    close: () => replacePlace("#/targets"),
  }));
  const ask = async (_nextToken: string | undefined, signal?: AbortSignal) => {
    const targets = await allTargets(signal);
    const arns = targets.flatMap((one) => (one.resourceGroupArn ? [one.resourceGroupArn] : []));
    const groups = await describe<{ arn: string; tags: Attribute[] }>(
      "DescribeResourceGroups",
      "resourceGroupArns",
      "resourceGroups",
      [...new Set(arns)],
      signal,
    );
    const tags = new Map(groups.map((group) => [group.arn, group.tags]));
    const rows = targets.map((one): Row => ({ ...one, tags: tags.get(one.resourceGroupArn ?? "") ?? [] }));
    return { rows, total: rows.length };
  };
  return (
    <>
      <List<Row>
        title="Targets"
        description="Which hosts a run assesses"
        listKey={`targets ${turn}`}
        ask={ask}
        rowKey={(row) => row.arn}
        selected={shown}
        onSelect={(row) => replacePlace(placeText("targets", { show: row.arn }))}
        actions={
          mayOperate ? (
            <Button variant="primary" onClick={() => setDialog({})}>
              Create target
            </Button>
          ) : undefined
        }
        empty={
          <Empty title="No target yet">
            {mayOperate ? "Create one: it names the tags of the hosts that a run assesses." : "An operator can create one."}
          </Empty>
        }
        columns={[
          {
            id: "name",
            header: "Target",
            isRowHeader: true,
            cell: (row) => <PlaceLink to={placeText("targets", { show: row.arn })}>{row.name}</PlaceLink>,
            text: (row) => row.name,
            minWidth: 180,
          },
          {
            id: "tags",
            header: "Selects",
            cell: (row) => tagsText(row.tags) || "Every host",
            text: (row) => tagsText(row.tags),
            minWidth: 220,
          },
          { id: "created", header: "Created", cell: (row) => <Time seconds={row.createdAt} />, minWidth: 160 },
          {
            id: "do",
            header: "Actions",
            minWidth: 200,
            cell: (row) => (
              <SpaceBetween direction="horizontal" size="xs">
                {mayOperate ? (
                  <Button variant="inline-link" ariaLabel={`Change ${row.name}`} onClick={() => setDialog({ target: row })}>
                    Change
                  </Button>
                ) : null}
                <PlaceLink to={placeText("templates", { target: row.arn })}>Templates</PlaceLink>
              </SpaceBetween>
            ),
          },
        ]}
      />
      {dialog ? (
        <TargetDialog
          target={dialog.target}
          tags={tagsText(dialog.target?.tags ?? [])}
          onClose={() => setDialog(undefined)}
          onDone={() => setTurn(turn + 1)}
        />
      ) : null}
    </>
  );
}

const MOST = 100;

function Preview({ arn }: { arn: string }) {
  const asked = useAsk(
    `preview ${arn}`,
    (signal) =>
      call<{ agentPreviews: (Host & { operatingSystem?: string; ipv4Address?: string })[]; nextToken?: string }>(
        "PreviewAgents",
        { previewAgentsArn: arn, maxResults: MOST },
        signal,
      ),
    10,
  );
  const hosts = asked.answer?.agentPreviews ?? [];
  return (
    <SpaceBetween size="s">
      <Failure failure={asked.failure} again={asked.again} />
      {asked.answer && !hosts.length ? (
        <Empty title="This target selects no host now">
          No host has one of its tags. <PlaceLink to="#/hosts">Hosts and their tags</PlaceLink>
        </Empty>
      ) : null}
      {asked.answer?.nextToken ? <p>{`The first ${number(MOST)} hosts.`}</p> : null}
      {hosts.length ? (
        <SmallTable
          name="Hosts that the target selects"
          head={["Host", "Id", "Address", "System", "Agent"]}
          rows={hosts.map((host) => ({
            key: host.agentId,
            cells: [
              <PlaceLink key="host" to={placeText("host", { id: host.agentId })}>
                {printable(host.hostname ?? host.agentId)}
              </PlaceLink>,
              host.agentId,
              host.ipv4Address ?? "-",
              printable(host.operatingSystem ?? "-"),
              <HostHealth key="health" health={host.agentHealth} />,
            ],
          }))}
        />
      ) : null}
    </SpaceBetween>
  );
}
