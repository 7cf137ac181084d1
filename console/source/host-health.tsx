import StatusIndicator from "@cloudscape-design/components/status-indicator";

const WORDS = { HEALTHY: "Healthy", UNHEALTHY: "Unhealthy", UNKNOWN: "Unknown" } as const;

/** Health of an agent; undefined for a host without one. */
export function HostHealth({ health }: { health: keyof typeof WORDS | undefined }) {
  if (health === undefined) return <StatusIndicator type="stopped">No agent</StatusIndicator>;
  return <StatusIndicator type={health === "HEALTHY" ? "success" : "warning"}>{WORDS[health]}</StatusIndicator>;
}
