import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";

import { call, type Target } from "./api";
import { FormDialog } from "./form-dialog";
import { parseTags } from "./tags-input";

interface TargetDialogProps {
  /** The target to change; undefined for a new one. */
  target: Target | undefined;
  tags: string;
  onClose: () => void;
  onDone: () => void;
}

export function TargetDialog({ target, tags: before, onClose, onDone }: TargetDialogProps) {
  const [name, setName] = useState(target?.name ?? "");
  const [tags, setTags] = useState(before);
  const submit = async () => {
    const wanted = parseTags(tags);
    const resourceGroupArn = wanted.length
      ? (await call<{ resourceGroupArn: string }>("CreateResourceGroup", { resourceGroupTags: wanted })).resourceGroupArn
      : undefined;
    const input = { assessmentTargetName: name, resourceGroupArn };
    if (target) await call("UpdateAssessmentTarget", { assessmentTargetArn: target.arn, ...input });
    else await call("CreateAssessmentTarget", input);
    onDone();
  };
  return (
    <FormDialog
      title={target ? `Change target ${target.name}` : "Create target"}
      submit={target ? "Change" : "Create"}
      onSubmit={submit}
      onClose={onClose}
    >
      <FormField label="Name">
        <Input value={name} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
      <FormField
        label="Tags"
        description="A host with any of them is selected. Without tags, every host is."
        constraintText="Such as Environment=production, Role=web"
      >
        <Input value={tags} onChange={({ detail }) => setTags(detail.value)} />
      </FormField>
    </FormDialog>
  );
}
