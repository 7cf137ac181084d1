// Small parts that every page uses: severity, time, failure, empty lists, links.

import Alert from "@cloudscape-design/components/alert";
import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";

import { ApiFailure, type Severity, type SeverityCount } from "./api";

const COLOURS = {
  High: "severity-high",
  Medium: "severity-medium",
  Low: "severity-low",
  Informational: "blue",
  Undefined: "severity-neutral",
} as const;

export function SeverityBadge({ severity, count }: { severity: Severity; count?: number }) {
  return <Badge color={COLOURS[severity]}>{count === undefined ? severity : `${severity} ${number(count)}`}</Badge>;
}

export function SeverityCounts({ counts }: { counts: SeverityCount[] }) {
  const found = counts.filter((one) => one.count > 0);
  if (!found.length) return <Box color="text-status-inactive">none</Box>;
  return (
    <SpaceBetween direction="horizontal" size="xxs">
      {found.map((one) => (
        <SeverityBadge key={one.severity} severity={one.severity} count={one.count} />
      ))}
    </SpaceBetween>
  );
}

/** Return a host's text in a line: control and bidirectional characters, which could disguise it, are replaced. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

export function number(value: number): string {
  return value.toLocaleString("en");
}

const LOCAL = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** A time in the reader's zone; its title is UTC. Seconds since 1970. */
export function Time({ seconds }: { seconds?: number | undefined }) {
  if (seconds === undefined) return <Box color="text-status-inactive">never</Box>;
  const date = new Date(seconds * 1000);
  return (
    <time dateTime={date.toISOString()} title={`${date.toISOString().slice(0, 19).replace("T", " ")} UTC`}>
      {LOCAL.format(date)}
    </time>
  );
}

export function Failure({ failure, again }: { failure?: Error | undefined; again: () => void }) {
  if (!failure) return null;
  const denied = failure instanceof ApiFailure && failure.type === "AccessDeniedException";
  const offline = !(failure instanceof ApiFailure);
  return (
    <Alert
      type={denied ? "info" : "error"}
      header={denied ? "Your role does not allow this" : offline ? "The service does not answer" : "This failed"}
      action={denied ? undefined : <Button onClick={again}>Try again</Button>}
    >
      {offline ? "It may be restarting. Nothing that you have set on this page is lost." : failure.message}
      {denied ? " An administrator can give you another role: openinspector admin users." : ""}
    </Alert>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Box textAlign="center" color="inherit" padding={{ vertical: "l" }}>
      <SpaceBetween size="xs">
        <b>{title}</b>
        {children ? <Box color="inherit">{children}</Box> : null}
      </SpaceBetween>
    </Box>
  );
}

export function PlaceLink({ to, children }: { to: string; children: ReactNode }) {
  return <Link href={to}>{children}</Link>;
}
