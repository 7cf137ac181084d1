// The state of a run, in the words of Inspector Classic.

import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";

const ENDED: Record<string, StatusIndicatorProps.Type> = {
  COMPLETED: "success",
  COMPLETED_WITH_ERRORS: "warning",
  FAILED: "error",
  ERROR: "error",
  CANCELED: "stopped",
};

export function hasEnded(state: string): boolean {
  return state in ENDED;
}

export function hasCompleted(state: string): boolean {
  return state.startsWith("COMPLETED");
}

export function RunState({ state }: { state: string }) {
  return <StatusIndicator type={ENDED[state] ?? "in-progress"}>{words(state)}</StatusIndicator>;
}

/** A state of the API as words: COLLECTING_DATA, "Collecting data". */
export function words(state: string): string {
  const text = state.replaceAll("_", " ").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
