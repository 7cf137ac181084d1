import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select, { type SelectProps } from "@cloudscape-design/components/select";
import Textarea from "@cloudscape-design/components/textarea";
import { useContext, useState } from "react";

import { call } from "./api";
import { FormDialog } from "./form-dialog";
import { SessionContext } from "./signed-in";

export const VERDICTS: Record<string, string> = {
  ACCEPTED: "Risk accepted",
  NOT_AFFECTED: "Not affected",
  FALSE_POSITIVE: "False positive",
  MITIGATED: "Mitigated otherwise",
};
const OPTIONS: SelectProps.Option[] = Object.entries(VERDICTS).map(([value, label]) => ({ value, label }));
const DAYS = 90;

interface WaiveDialogProps {
  finding: string;
  onClose: () => void;
  onDone: () => void;
}

/** Waives the issue of a finding on its host, until a day. */
export function WaiveDialog({ finding, onClose, onDone }: WaiveDialogProps) {
  const session = useContext(SessionContext);
  const [verdict, setVerdict] = useState("ACCEPTED");
  const [reason, setReason] = useState("");
  const [owner, setOwner] = useState(session?.user ?? "");
  const [expiresOn, setExpiresOn] = useState(new Date(Date.now() + DAYS * 86_400_000).toISOString().slice(0, 10));
  const submit = async () => {
    await call("CreateWaiver", { findingArn: finding, verdict, reason, owner, expiresOn });
    onDone();
  };
  return (
    <FormDialog title="Waive finding" submit="Waive" onSubmit={submit} onClose={onClose}>
      <FormField label="Why it is no problem">
        <Select
          options={OPTIONS}
          selectedOption={OPTIONS.find((one) => one.value === verdict) ?? null}
          onChange={({ detail }) => setVerdict(detail.selectedOption.value ?? "ACCEPTED")}
        />
      </FormField>
      <FormField label="Reason" description="Whoever reads the report sees it.">
        <Textarea value={reason} onChange={({ detail }) => setReason(detail.value)} />
      </FormField>
      <FormField label="Owner">
        <Input value={owner} onChange={({ detail }) => setOwner(detail.value)} />
      </FormField>
      <FormField label="Until" constraintText="Year-month-day. The waiver ends earlier when what it rests on changes.">
        <Input value={expiresOn} onChange={({ detail }) => setExpiresOn(detail.value)} />
      </FormField>
    </FormDialog>
  );
}
