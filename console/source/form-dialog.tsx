// A dialog with a form: sends it, shows why it was refused, closes when it succeeded.

import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Form from "@cloudscape-design/components/form";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useEffect, useRef, useState } from "react";

const FOCUS_MS = 50;

interface FormDialogProps {
  title: string;
  submit: string;
  /** Sends the form; a rejection is shown. */
  onSubmit: () => Promise<void>;
  onClose: () => void;
  children: ReactNode;
}

export function FormDialog({ title, submit, onSubmit, onClose, children }: FormDialogProps) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // The dialog itself puts the focus on its Close button when it opens.
    const timer = setTimeout(() => form.current?.querySelector<HTMLElement>("input, textarea, button")?.focus(), FOCUS_MS);
    return () => clearTimeout(timer);
  }, []);
  const send = async () => {
    setBusy(true);
    try {
      await onSubmit();
      onClose();
    } catch (failed) {
      setProblem(failed instanceof Error ? failed.message : String(failed));
      setBusy(false);
    }
  };
  return (
    <Modal visible header={title} onDismiss={onClose} closeAriaLabel="Close">
      <form
        ref={form}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Form
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button formAction="none" variant="link" onClick={onClose}>
                Cancel
              </Button>
              <Button variant="primary" loading={busy}>
                {submit}
              </Button>
            </SpaceBetween>
          }
        >
          <SpaceBetween size="m">
            {children}
            <Box>{problem ? <Alert type="error">{problem}</Alert> : null}</Box>
          </SpaceBetween>
        </Form>
      </form>
    </Modal>
  );
}
