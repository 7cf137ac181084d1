import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";

import { call, type HostView, packageNames } from "../api";
import type { PageProps } from "../app";
import { useAsk } from "../ask";
import { Exclusions } from "../exclusions";
import { HostHealth } from "../host-health";
import { HostPackages } from "../host-packages";
import { placeText } from "../route";
import { Empty, Failure, number, PlaceLink, printable, SeverityCounts, Time } from "../show";
import { SmallTable } from "../small-table";

export default function HostPage({ place }: PageProps) {
  const agentId = place.parameters.get("id") ?? "";
  const assessmentRunArn = place.parameters.get("run") ?? undefined;
  const asked = useAsk(
    `${agentId} ${assessmentRunArn ?? ""}`,
    async (signal) => ({
      host: await call<HostView>("GetHost", { agentId, assessmentRunArn }, signal),
      names: await packageNames(),
    }),
    30,
  );
  const host = asked.answer?.host;
  const names = asked.answer?.names ?? new Map<string, string>();
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={host?.hostname ? agentId : undefined}>
          {`Host ${printable(host?.hostname ?? agentId)}`}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Failure failure={asked.failure} again={asked.again} />
        {asked.loading ? <Spinner /> : null}
        {host ? <About host={host} /> : null}
        {host && !host.assessmentRunArn ? (
          <Empty title="This host was in no completed run">
            <PlaceLink to="#/targets">Targets say which hosts a run assesses</PlaceLink>
          </Empty>
        ) : null}
        {host?.assessmentRunArn ? <InRun host={host} run={host.assessmentRunArn} names={names} /> : null}
      </SpaceBetween>
    </ContentLayout>
  );
}

function About({ host }: { host: HostView }) {
  return (
    <Container header={<Header variant="h2">Agent</Header>}>
      <KeyValuePairs
        columns={4}
        minColumnWidth={170}
        items={[
          { label: "Health", value: <HostHealth health={host.agentHealth} /> },
          { label: "Last heartbeat", value: <Time seconds={host.lastHeartbeatAt} /> },
          { label: "Enrolled", value: <Time seconds={host.enrolledAt} /> },
          { label: "Agent version", value: host.agentVersion ?? "-" },
          { label: "System", value: printable(host.operatingSystem ?? host.distribution ?? "-") },
          { label: "Kernel running", value: printable(host.kernelVersion ?? "-") },
          { label: "Address", value: host.ipv4Address ?? "-" },
          {
            label: "Tags",
            value: printable((host.tags ?? []).map((tag) => (tag.value ? `${tag.key}=${tag.value}` : tag.key)).join(", ")) || "-",
          },
        ]}
      />
      {host.healthDetails ? <Box variant="p">{printable(host.healthDetails)}</Box> : null}
    </Container>
  );
}

function InRun({ host, run, names }: { host: HostView; run: string; names: Map<string, string> }) {
  const name = (arn: string) => names.get(arn) ?? arn;
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            description={
              <>
                In <PlaceLink to={placeText("run", { arn: run })}>{host.assessmentRunName ?? run}</PlaceLink>, completed{" "}
                <Time seconds={host.completedAt} />
              </>
            }
          >
            Found
          </Header>
        }
      >
        <SpaceBetween size="s">
          <SeverityCounts counts={host.severityCounts} />
          <PlaceLink to={placeText("findings", { run, host: host.agentId })}>Findings of this host</PlaceLink>
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">Looked at</Header>}>
        {host.rulesPackages.length ? (
          <SmallTable
            name="Looked at"
            head={["Rules package", "Rules with findings", "Clean", "Do not apply", "Could not be judged"]}
            rows={host.rulesPackages.map((one) => ({
              key: one.rulesPackageArn,
              cells: [
                name(one.rulesPackageArn),
                number(one.detected),
                number(one.passed),
                number(one.notApplicable),
                number(one.notJudged),
              ],
            }))}
          />
        ) : (
          <Empty title="No rule was evaluated on this host">
            {host.exclusions.length ? "The exclusions below say why." : null}
          </Empty>
        )}
      </Container>
      {host.notJudgedRules.length || host.exclusions.length ? (
        <Container header={<Header variant="h2">Could not be judged</Header>}>
          <SpaceBetween size="l">
            <Exclusions exclusions={host.exclusions} />
            {host.notJudgedRules.length ? (
              <SmallTable
                name="Rules that could not be judged"
                head={["Rule", "Rules package"]}
                rows={host.notJudgedRules.map((rule) => ({
                  key: `${rule.rulesPackageArn} ${rule.name} ${rule.title}`,
                  cells: [rule.title, name(rule.rulesPackageArn)],
                }))}
              />
            ) : null}
          </SpaceBetween>
        </Container>
      ) : null}
      {host.packages ? <HostPackages run={run} host={host.agentId} counts={host.packages} /> : null}
    </SpaceBetween>
  );
}
