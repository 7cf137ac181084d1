import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";

import { call, type PackageConclusion, type PackageCounts } from "./api";
import { useAsk } from "./ask";
import { Failure, number, printable } from "./show";
import { SmallTable } from "./small-table";

const VERDICTS = { AFFECTED: "Affected", NOT_AFFECTED: "Not affected", NOT_ASSESSED: "Not assessed" } as const;
const MOST = 500;

/** The packages of a host by conclusion; asked for one by one on demand. */
export function HostPackages({ run, host, counts }: { run: string; host: string; counts: PackageCounts }) {
  const [open, setOpen] = useState(false);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Which packages have advisories of a source, and which none that could be compared"
          actions={open ? undefined : <Button onClick={() => setOpen(true)}>Show packages</Button>}
        >
          Packages
        </Header>
      }
    >
      <SpaceBetween size="m">
        <SmallTable
          name="Packages by conclusion"
          head={["Conclusion", "Packages"]}
          rows={[
            { key: "affected", cells: ["Affected", number(counts.affected)] },
            { key: "not", cells: ["Not affected", number(counts.notAffected)] },
            ...counts.notAssessed.map((one) => ({
              key: one.reason,
              cells: [`Not assessed: ${one.message}`, number(one.packages)],
            })),
          ]}
        />
        {open ? <Conclusions run={run} host={host} /> : null}
      </SpaceBetween>
    </Container>
  );
}

function Conclusions({ run, host }: { run: string; host: string }) {
  const asked = useAsk(`${run} ${host}`, (signal) =>
    call<{ packages: PackageConclusion[]; nextToken?: string }>(
      "ListPackageCoverage",
      { assessmentRunArn: run, agentIds: [host], maxResults: MOST },
      signal,
    ),
  );
  const packages = asked.answer?.packages ?? [];
  return (
    <SpaceBetween size="s">
      <Failure failure={asked.failure} again={asked.again} />
      {asked.loading ? <Box>Loading</Box> : null}
      {asked.answer?.nextToken ? (
        <Box>{`The first ${MOST}; openinspector runs coverage lists all.`}</Box>
      ) : null}
      {packages.length ? (
        <SmallTable
          name="Packages"
          head={["Package", "Version", "Conclusion", "CVEs", "Fixed in", "Why"]}
          rows={packages.map((one) => ({
            key: `${one.manager} ${one.name} ${one.version} ${one.architecture ?? ""}`,
            cells: [
              printable(one.name),
              printable(one.version),
              VERDICTS[one.verdict],
              number(one.vulnerabilities),
              one.fixedVersion ?? "-",
              printable(one.message ?? one.statement ?? one.advisory ?? "-"),
            ],
          }))}
        />
      ) : null}
    </SpaceBetween>
  );
}
