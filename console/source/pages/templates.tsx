import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";

import { allTargets, allTemplates, call, packageNames, type Target, type Template } from "../api";
import type { PageProps } from "../app";
import { List } from "../list";
import { placeText } from "../route";
import { Empty, number, PlaceLink, Time } from "../show";
import { useMayOperate } from "../signed-in";
import { TemplateDialog } from "../template-dialog";

interface Schedule {
  assessmentTemplateArn: string;
  scheduleExpression: string;
  enabled: boolean;
  nextRunAt: number;
}

interface Row extends Template {
  target: string;
  packages: string[];
  schedules: Schedule[];
}

export default function Templates({ place }: PageProps) {
  const ofTarget = place.parameters.get("target") ?? "";
  const shown = place.parameters.get("show") ?? "";
  const mayOperate = useMayOperate();
  const [dialog, setDialog] = useState<{ targets: Target[]; packages: Map<string, string> }>();
  const [turn, setTurn] = useState(0);
  const [problem, setProblem] = useState("");
  const ask = async (_nextToken: string | undefined, signal?: AbortSignal) => {
    const [templates, targets, names, schedules] = await Promise.all([
      allTemplates(signal),
      allTargets(signal),
      packageNames(),
      allSchedules(signal),
    ]);
    const named = new Map(targets.map((one) => [one.arn, one.name]));
    const rows = templates
      .filter((one) => (!ofTarget || one.assessmentTargetArn === ofTarget) && (!shown || one.arn === shown))
      .map(
        (one): Row => ({
          ...one,
          target: named.get(one.assessmentTargetArn) ?? one.assessmentTargetArn,
          packages: one.rulesPackageArns.map((arn) => names.get(arn) ?? arn),
          schedules: schedules.filter((schedule) => schedule.assessmentTemplateArn === one.arn),
        }),
      );
    return { rows, total: rows.length };
  };
  const run = async (template: Template) => {
    try {
      const arn = await start(template);
      location.hash = placeText("run", { arn });
    } catch (failed) {
      setProblem(failed instanceof Error ? failed.message : String(failed));
    }
  };
  const create = async () => {
    try {
      setDialog({ targets: await allTargets(), packages: await packageNames() });
    } catch (failed) {
      setProblem(failed instanceof Error ? failed.message : String(failed));
    }
  };
  return (
    <SpaceBetween size="m">
      {problem ? (
        <Alert type="error" header="This failed" dismissible dismissAriaLabel="Close" onDismiss={() => setProblem("")}>
          {problem}
        </Alert>
      ) : null}
      <List<Row>
        title="Templates"
        description={ofTarget ? "Of one target" : "What a run assesses, and with which rules"}
        listKey={`templates ${ofTarget} ${shown} ${turn}`}
        ask={ask}
        rowKey={(row) => row.arn}
        actions={
          mayOperate ? (
            <Button variant="primary" onClick={() => void create()}>
              Create template
            </Button>
          ) : undefined
        }
        empty={
          <Empty title="No template yet">
            {mayOperate ? "Create one for a target; then run it." : "An operator can create one."}
          </Empty>
        }
        columns={[
          {
            id: "name",
            header: "Template",
            isRowHeader: true,
            cell: (row) => row.name,
            text: (row) => row.name,
            minWidth: 180,
          },
          {
            id: "target",
            header: "Target",
            cell: (row) => <PlaceLink to={placeText("targets", { show: row.assessmentTargetArn })}>{row.target}</PlaceLink>,
            text: (row) => row.target,
            minWidth: 140,
          },
          {
            id: "packages",
            header: "Rules packages",
            cell: (row) => row.packages.join(", "),
            text: (row) => row.packages.join(", "),
            minWidth: 260,
          },
          {
            id: "schedule",
            header: "Next run",
            cell: (row) => {
              const next = row.schedules.find((one) => one.enabled);
              return next ? <Time seconds={next.nextRunAt} /> : "not scheduled";
            },
            text: (row) => row.schedules.map((one) => one.scheduleExpression).join(" "),
            minWidth: 160,
          },
          {
            id: "runs",
            header: "Runs",
            cell: (row) =>
              row.lastAssessmentRunArn ? (
                <PlaceLink to={placeText("run", { arn: row.lastAssessmentRunArn })}>{`${number(row.assessmentRunCount)}, last`}</PlaceLink>
              ) : (
                "none"
              ),
            text: (row) => String(row.assessmentRunCount),
            minWidth: 100,
          },
          ...(mayOperate
            ? [
                {
                  id: "do",
                  header: "Actions",
                  minWidth: 130,
                  cell: (row: Row) => (
                    <Button ariaLabel={`Run now ${row.name}`} onClick={() => void run(row)}>
                      Run now
                    </Button>
                  ),
                },
              ]
            : []),
        ]}
      />
      {dialog ? (
        <TemplateDialog
          targets={dialog.targets}
          target={ofTarget}
          packages={dialog.packages}
          onClose={() => setDialog(undefined)}
          onDone={() => setTurn(turn + 1)}
        />
      ) : null}
    </SpaceBetween>
  );
}

async function start(template: Template): Promise<string> {
  const assessmentRunName = `${template.name} ${new Date().toISOString().slice(0, 19).replace("T", " ")}`;
  const answer = await call<{ assessmentRunArn: string }>("StartAssessmentRun", {
    assessmentTemplateArn: template.arn,
    assessmentRunName,
  });
  return answer.assessmentRunArn;
}

async function allSchedules(signal?: AbortSignal): Promise<Schedule[]> {
  const found: Schedule[] = [];
  let nextToken: string | undefined;
  do {
    const page = await call<{ schedules: Schedule[]; nextToken?: string }>("ListSchedules", { nextToken }, signal);
    found.push(...page.schedules);
    nextToken = page.nextToken;
  } while (nextToken);
  return found;
}
