import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";

import { call, type Issue, type Overview, SEVERITIES } from "../api";
import { useAsk } from "../ask";
import { placeText } from "../route";
import { Empty, Failure, number, PlaceLink, SeverityBadge, Time } from "../show";

export default function Dashboard() {
  const asked = useAsk("overview", (signal) => call<Overview>("GetOverview", {}, signal), 10, undefined, [
    "runs",
    "issues",
    "hosts",
    "feeds",
  ]);
  const overview = asked.answer;
  const run = overview?.latestRun;
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={
            run ? (
              <>
                {run.name}, completed <Time seconds={run.completedAt} />
              </>
            ) : undefined
          }
        >
          Dashboard
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Failure failure={asked.failure} again={asked.again} />
        {asked.loading ? <Spinner /> : null}
        {overview && !run ? <FirstRun overview={overview} /> : null}
        {overview && run ? (
          <SpaceBetween size="l">
            <Container header={<Header variant="h2">Issues of the latest run</Header>}>
              <ColumnLayout columns={4} variant="text-grid" minColumnWidth={150}>
                <Tile name="Issues" value={run.issues} to={placeText("issues")} />
                <Tile name="Exploited in the wild" value={run.exploitedIssues} to={placeText("issues")} />
                <Tile name="New since the run before" value={run.newIssues} to={placeText("issues", { new: "yes" })} />
                <Tile name="Gone since the run before" value={run.goneIssues} />
                {SEVERITIES.map((severity) => (
                  <div key={severity}>
                    <Box variant="awsui-key-label">
                      <SeverityBadge severity={severity} />
                    </Box>
                    <PlaceLink to={placeText("issues", { severity })}>
                      <Big value={run.severityCounts.find((one) => one.severity === severity)?.count ?? 0} />
                    </PlaceLink>
                  </div>
                ))}
              </ColumnLayout>
            </Container>
            <Container header={<Header variant="h2">Installation</Header>}>
              <ColumnLayout columns={4} variant="text-grid" minColumnWidth={150}>
                <Tile name="Hosts with a healthy agent" value={overview.healthyHosts} of={overview.hosts} to="#/hosts" />
                <Tile name="Hosts with findings" value={run.affectedHosts} to="#/hosts" />
                <Tile name="Runs in progress" value={overview.runsInProgress.length} to="#/runs" />
                <div>
                  <Box variant="awsui-key-label">Oldest advisory feed</Box>
                  <PlaceLink to="#/feeds">
                    {overview.feeds ? <Time seconds={overview.oldestFeedFetchedAt} /> : "none synced yet"}
                  </PlaceLink>
                </div>
              </ColumnLayout>
            </Container>
            <Notable issues={overview.notableIssues} />
          </SpaceBetween>
        ) : null}
      </SpaceBetween>
    </ContentLayout>
  );
}

function Big({ value }: { value: number }) {
  return (
    <Box variant="span" fontSize="heading-xl" fontWeight="bold" color="inherit">
      {number(value)}
    </Box>
  );
}

function Tile({ name, value, of, to }: { name: string; value: number; of?: number; to?: string }) {
  return (
    <div>
      <Box variant="awsui-key-label">{name}</Box>
      {to ? (
        <PlaceLink to={to}>
          <Big value={value} />
        </PlaceLink>
      ) : (
        <Big value={value} />
      )}
      {of === undefined ? null : ` of ${number(of)}`}
    </div>
  );
}

function Notable({ issues }: { issues: Issue[] }) {
  return (
    <Container
      header={
        <Header variant="h2" description="Exploited first, then by severity, score and number of hosts.">
          Notable issues
        </Header>
      }
    >
      {issues.length ? (
        <div className="scrolled" role="region" aria-label="Notable issues" tabIndex={0}>
          <table className="plain">
            <thead>
              <tr>
                {["Severity", "Issue", "Subject", "Hosts", "Fixed in"].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {issues.map((issue) => (
                <tr key={`${issue.ruleName} ${issue.subject}`}>
                  <td>
                    <SeverityBadge severity={issue.severity} />
                  </td>
                  <th scope="row">
                    <PlaceLink to={placeText("findings", { rule: issue.ruleName })}>{issue.ruleName}</PlaceLink>
                  </th>
                  <td>{issue.subject}</td>
                  <td>{number(issue.hosts)}</td>
                  <td>{issue.fixedVersion ?? "-"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <Empty title="The latest run found nothing" />
      )}
    </Container>
  );
}

function FirstRun({ overview }: { overview: Overview }) {
  if (overview.runsInProgress.length) {
    return (
      <Alert header="The first run is in progress">
        Its findings appear here when it has completed. <PlaceLink to="#/runs">Watch it</PlaceLink>
      </Alert>
    );
  }
  return (
    <Alert header={overview.hosts ? "No run has completed yet" : "No host yet"}>
      {overview.hosts ? (
        <>
          <PlaceLink to="#/templates">Run a template now</PlaceLink>
        </>
      ) : (
        <>
          Let a host enrol: <Box variant="code">openinspector admin tokens create</Box> prints a token for its installer.
        </>
      )}
    </Alert>
  );
}
