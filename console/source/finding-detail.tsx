import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useState } from "react";

import { call, type Finding } from "./api";
import { useAsk } from "./ask";
import { PathPicture } from "./path-picture";
import { placeText } from "./route";
import { Empty, Failure, PlaceLink, printable, SeverityBadge, Time } from "./show";
import { useMayOperate } from "./signed-in";
import { WaiveDialog } from "./waive-dialog";

const EVIDENCE = "\n\nWhy:\n";

/** One finding whole: what, why, what to do, where, and its JSON. */
export function FindingDetail({ arn }: { arn: string }) {
  const mayOperate = useMayOperate();
  const [waiving, setWaiving] = useState(false);
  const [waived, setWaived] = useState(false);
  const asked = useAsk(arn, async (signal) => {
    const answer = await call<{ findings: Finding[] }>("DescribeFindings", { findingArns: [arn] }, signal);
    return answer.findings[0] ?? null;
  });
  if (asked.failure) return <Failure failure={asked.failure} again={asked.again} />;
  if (asked.loading) return <Spinner />;
  const finding = asked.answer;
  if (!finding) return <Empty title="There is no such finding">Its run may have been deleted.</Empty>;
  const [description = "", evidence] = finding.description.split(EVIDENCE, 2);
  const host = finding.assetAttributes;
  return (
    <SpaceBetween size="l">
      <Header
        variant="h2"
        actions={
          mayOperate && !waived ? <Button onClick={() => setWaiving(true)}>Waive</Button> : undefined
        }
      >
        {finding.title}
      </Header>
      {waived ? (
        <Alert type="success">
          Waived. The next run of the template marks it so. <PlaceLink to="#/waivers">All waivers</PlaceLink>
        </Alert>
      ) : null}
      <KeyValuePairs
        columns={4}
        minColumnWidth={180}
        items={[
          { label: "Severity", value: <SeverityBadge severity={finding.severity} /> },
          {
            label: "Host",
            value: host.agentId ? (
              <PlaceLink to={placeText("host", { id: host.agentId })}>{printable(host.hostname ?? host.agentId)}</PlaceLink>
            ) : (
              "-"
            ),
          },
          {
            label: "Same issue on other hosts",
            value: <PlaceLink to={placeText("findings", { rule: finding.id })}>{finding.id}</PlaceLink>,
          },
          { label: "Found", value: <Time seconds={finding.createdAt} /> },
        ]}
      />
      <Part title="What">{description}</Part>
      <Part title="What to do">{finding.recommendation}</Part>
      <PathPicture finding={arn} />
      {evidence ? <Part title="Why">{evidence}</Part> : null}
      <ExpandableSection headerText="Attributes">
        <KeyValuePairs
          columns={3}
          minColumnWidth={200}
          items={finding.attributes.map((one) => ({ label: one.key, value: one.value ?? "-" }))}
        />
      </ExpandableSection>
      <ExpandableSection
        headerText="JSON"
        headerActions={
          <Button onClick={() => void navigator.clipboard.writeText(JSON.stringify(finding, null, 1))}>Copy JSON</Button>
        }
        variant="container"
      >
        <Lines text={JSON.stringify(finding, null, 1)} />
      </ExpandableSection>
      {waiving ? (
        <WaiveDialog finding={arn} onClose={() => setWaiving(false)} onDone={() => setWaived(true)} />
      ) : null}
    </SpaceBetween>
  );
}

function Part({ title, children }: { title: string; children: string }) {
  return (
    <div>
      <Box variant="h3">{title}</Box>
      <Lines text={children} />
    </div>
  );
}

/** Text with its line ends and indentation. */
function Lines({ text }: { text: string }) {
  return (
    <Box variant="p">
      <span className="lines">{text}</span>
    </Box>
  );
}
