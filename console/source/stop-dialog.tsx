import RadioGroup from "@cloudscape-design/components/radio-group";
import { useState } from "react";

import { call } from "./api";
import { FormDialog } from "./form-dialog";

interface StopDialogProps {
  run: string;
  onClose: () => void;
  onDone: () => void;
}

/** Asks how to stop a run, as Inspector Classic's StopAssessmentRun distinguishes. */
export function StopDialog({ run, onClose, onDone }: StopDialogProps) {
  const [action, setAction] = useState("START_EVALUATION");
  const submit = async () => {
    await call("StopAssessmentRun", { assessmentRunArn: run, stopAction: action });
    onDone();
  };
  return (
    <FormDialog title="Stop run" submit="Stop run" onSubmit={submit} onClose={onClose}>
      <RadioGroup
        ariaLabel="How to stop"
        value={action}
        onChange={({ detail }) => setAction(detail.value)}
        items={[
          { value: "START_EVALUATION", label: "Evaluate", description: "Judge what was collected until now." },
          { value: "SKIP_EVALUATION", label: "Cancel", description: "End the run without findings." },
        ]}
      />
    </FormDialog>
  );
}
