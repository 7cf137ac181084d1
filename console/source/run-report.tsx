import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useEffect, useRef, useState } from "react";

import { call } from "./api";

const ITEMS = [
  { id: "HTML FINDING", text: "Findings, HTML" },
  { id: "PDF FINDING", text: "Findings, PDF" },
  { id: "HTML FULL", text: "Full, HTML" },
  { id: "PDF FULL", text: "Full, PDF" },
];
const ASK_MS = 1500;

/** Asks for a report of a completed run, and offers its link when it is made. */
export function RunReport({ run }: { run: string }) {
  const [state, setState] = useState<{ busy: boolean; url?: string; problem?: string }>({ busy: false });
  const left = useRef(false);
  useEffect(() => {
    left.current = false;
    return () => {
      left.current = true;
    };
  }, []);
  const make = async (chosen: string) => {
    const [reportFileFormat, reportType] = chosen.split(" ");
    setState({ busy: true });
    try {
      while (!left.current) {
        const answer = await call<{ status: string; url?: string }>("GetAssessmentReport", {
          assessmentRunArn: run,
          reportFileFormat,
          reportType,
        });
        if (answer.status === "COMPLETED" && answer.url) return setState({ busy: false, url: answer.url });
        if (answer.status === "FAILED") return setState({ busy: false, problem: "The report failed" });
        await new Promise((done) => setTimeout(done, ASK_MS));
      }
    } catch (failed) {
      setState({ busy: false, problem: failed instanceof Error ? failed.message : String(failed) });
    }
  };
  return (
    <SpaceBetween direction="horizontal" size="xs">
      {state.problem ? <StatusIndicator type="error">{state.problem}</StatusIndicator> : null}
      {state.url ? (
        <Button href={state.url} target="_blank" iconName="download" variant="primary">
          Open report
        </Button>
      ) : null}
      <ButtonDropdown items={ITEMS} loading={state.busy} onItemClick={({ detail }) => void make(detail.id)}>
        Make report
      </ButtonDropdown>
    </SpaceBetween>
  );
}
