import Button from "@cloudscape-design/components/button";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useState } from "react";

import { allTemplates, call, type Waiver } from "../api";
import { useAsk } from "../ask";
import { FormDialog } from "../form-dialog";
import { List } from "../list";
import { placeText } from "../route";
import { Empty, PlaceLink, printable } from "../show";
import { useMayOperate } from "../signed-in";
import { VERDICTS } from "../waive-dialog";

const SOON_MS = 14 * 86_400_000;

export default function Waivers() {
  const mayOperate = useMayOperate();
  const [ending, setEnding] = useState<Waiver>();
  const [turn, setTurn] = useState(0);
  const templates = useAsk("templates", allTemplates);
  const template = (arn: string) => templates.answer?.find((one) => one.arn === arn)?.name ?? "-";
  const ask = async (nextToken: string | undefined, signal?: AbortSignal) => {
    const page = await call<{ waivers: Waiver[]; nextToken?: string }>("ListWaivers", { nextToken, maxResults: 100 }, signal);
    return { rows: page.waivers, nextToken: page.nextToken };
  };
  return (
    <>
      <List<Waiver>
        title="Waivers"
        description="Issues that were accepted: by whom, why, and until when"
        listKey={`waivers ${turn}`}
        ask={ask}
        rowKey={(row) => row.arn}
        empty={
          <Empty title="No waiver">
            A finding is waived on its own page. <PlaceLink to="#/findings">Findings</PlaceLink>
          </Empty>
        }
        columns={[
          {
            id: "issues",
            header: "Issue",
            isRowHeader: true,
            cell: (row) => printable(row.issues.join(", ")),
            text: (row) => row.issues.join(" "),
            minWidth: 180,
          },
          {
            id: "subject",
            header: "Subject",
            cell: (row) => (row.subject === "*" ? "any" : printable(row.subject)),
            text: (row) => row.subject,
            minWidth: 140,
          },
          {
            id: "state",
            header: "State",
            cell: (row) => <State waiver={row} />,
            text: (row) => row.expiresOn,
            minWidth: 190,
          },
          {
            id: "verdict",
            header: "Why",
            cell: (row) => VERDICTS[row.verdict] ?? row.verdict,
            text: (row) => row.verdict,
            minWidth: 140,
          },
          { id: "reason", header: "Reason", cell: (row) => printable(row.reason), text: (row) => row.reason, minWidth: 220 },
          { id: "owner", header: "Owner", cell: (row) => printable(row.owner), text: (row) => row.owner, minWidth: 110 },
          {
            id: "hosts",
            header: "Hosts",
            cell: (row) =>
              row.agentIds.length
                ? row.agentIds.map((id) => (
                    <div key={id}>
                      <PlaceLink to={placeText("host", { id })}>{id}</PlaceLink>
                    </div>
                  ))
                : "all",
            text: (row) => row.agentIds.join(" "),
            minWidth: 180,
          },
          {
            id: "template",
            header: "Template",
            cell: (row) => template(row.assessmentTemplateArn),
            text: (row) => template(row.assessmentTemplateArn),
            minWidth: 130,
          },
          ...(mayOperate
            ? [
                {
                  id: "do",
                  header: "Actions",
                  minWidth: 100,
                  cell: (row: Waiver) => (
                    <Button
                      variant="inline-link"
                      ariaLabel={`End the waiver of ${row.issues.join(", ")}`}
                      onClick={() => setEnding(row)}
                    >
                      End
                    </Button>
                  ),
                },
              ]
            : []),
        ]}
      />
      {ending ? (
        <FormDialog
          title="End waiver"
          submit="End waiver"
          onSubmit={async () => {
            await call("DeleteWaiver", { waiverArn: ending.arn });
            setTurn(turn + 1);
          }}
          onClose={() => setEnding(undefined)}
        >
          {`The next run reports ${ending.issues.join(", ")} again. Findings of earlier runs stay as they are.`}
        </FormDialog>
      ) : null}
    </>
  );
}

function State({ waiver }: { waiver: Waiver }) {
  const left = Date.parse(waiver.expiresOn) + 86_400_000 - Date.now();
  const ended = waiver.ends.length;
  if (left <= 0) return <StatusIndicator type="stopped">{`Expired ${waiver.expiresOn}`}</StatusIndicator>;
  if (ended) return <StatusIndicator type="warning">{`Ended by a change on ${ended} hosts`}</StatusIndicator>;
  if (left < SOON_MS) return <StatusIndicator type="warning">{`Until ${waiver.expiresOn}, soon`}</StatusIndicator>;
  return <StatusIndicator type="success">{`Until ${waiver.expiresOn}`}</StatusIndicator>;
}
