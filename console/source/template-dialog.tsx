import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select, { type SelectProps } from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";

import { call, type Target } from "./api";
import { FormDialog } from "./form-dialog";

const DURATIONS: SelectProps.Option[] = [
  { value: "180", label: "3 minutes" },
  { value: "900", label: "15 minutes" },
  { value: "3600", label: "1 hour (recommended)" },
  { value: "28800", label: "8 hours" },
  { value: "43200", label: "12 hours" },
  { value: "86400", label: "24 hours" },
];

interface TemplateDialogProps {
  targets: Target[];
  /** ARN of the target that is chosen at first. */
  target: string;
  packages: Map<string, string>;
  onClose: () => void;
  onDone: () => void;
}

export function TemplateDialog({ targets, target: first, packages, onClose, onDone }: TemplateDialogProps) {
  const [name, setName] = useState("");
  const [target, setTarget] = useState(first || (targets[0]?.arn ?? ""));
  const [chosen, setChosen] = useState<readonly string[]>([...packages.keys()]);
  const [duration, setDuration] = useState("3600");
  const [schedule, setSchedule] = useState("");
  const options = targets.map((one) => ({ value: one.arn, label: one.name }));
  const submit = async () => {
    const { assessmentTemplateArn } = await call<{ assessmentTemplateArn: string }>("CreateAssessmentTemplate", {
      assessmentTargetArn: target,
      assessmentTemplateName: name,
      durationInSeconds: Number(duration),
      rulesPackageArns: chosen,
    });
    onDone();
    if (schedule) await call("CreateSchedule", { assessmentTemplateArn, scheduleExpression: schedule });
  };
  return (
    <FormDialog title="Create template" submit="Create" onSubmit={submit} onClose={onClose}>
      <FormField label="Name">
        <Input value={name} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
      <FormField label="Target">
        <Select
          options={options}
          selectedOption={options.find((one) => one.value === target) ?? null}
          placeholder="Create a target first"
          onChange={({ detail }) => setTarget(detail.selectedOption.value ?? "")}
        />
      </FormField>
      <FormField label="Rules packages">
        <SpaceBetween size="xxs">
          {[...packages].map(([arn, title]) => (
            <Checkbox
              key={arn}
              checked={chosen.includes(arn)}
              onChange={({ detail }) =>
                setChosen(detail.checked ? [...chosen, arn] : chosen.filter((one) => one !== arn))
              }
            >
              {title}
            </Checkbox>
          ))}
        </SpaceBetween>
      </FormField>
      <FormField label="Duration" description="Data are collected for at most this long.">
        <Select
          options={DURATIONS}
          selectedOption={DURATIONS.find((one) => one.value === duration) ?? null}
          onChange={({ detail }) => setDuration(detail.selectedOption.value ?? "3600")}
        />
      </FormField>
      <FormField label="Schedule (optional)" constraintText="rate(7 days), or cron(0 3 * * *) in UTC">
        <Input value={schedule} onChange={({ detail }) => setSchedule(detail.value)} />
      </FormField>
    </FormDialog>
  );
}
