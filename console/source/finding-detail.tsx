import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";

import { call, type Finding } from "./api";
import { useAsk } from "./ask";
import { placeText } from "./route";
import { Empty, Failure, PlaceLink, printable, SeverityBadge, Time } from "./show";

const EVIDENCE = "\n\nWhy:\n";

/** One finding whole: what, why, what to do, where, and its JSON. */
export function FindingDetail({ arn }: { arn: string }) {
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
      <Box variant="h2">{finding.title}</Box>
      <KeyValuePairs
        columns={4}
        minColumnWidth={180}
        items={[
          { label: "Severity", value: <SeverityBadge severity={finding.severity} /> },
          {
            label: "Host",
            value: host.agentId ? (
              <PlaceLink to={placeText("findings", { host: host.agentId })}>{printable(host.hostname ?? host.agentId)}</PlaceLink>
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
