// Calls of the service: every operation of the API, by the session's cookie.

export class ApiFailure extends Error {
  constructor(
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

const HEADERS = { "content-type": "application/json", "x-openinspector-console": "1" };

/** Go to the sign-in page, and come back to this place afterwards. */
export function signIn(): void {
  const to = location.hash.slice(1);
  location.assign(`/console/sign-in${to ? `?to=${encodeURIComponent(to)}` : ""}`);
}

export async function call<Answer>(operation: string, input: object = {}, signal?: AbortSignal): Promise<Answer> {
  const response = await fetch(`/console/api/${operation}`, {
    method: "POST",
    headers: HEADERS,
    body: JSON.stringify(input),
    ...(signal ? { signal } : {}),
  });
  if (response.status === 401) {
    signIn();
    return new Promise<Answer>(() => undefined);
  }
  const text = await response.text();
  const answer = text ? JSON.parse(text) : {};
  if (!response.ok) {
    throw new ApiFailure(answer.__type ?? "", answer.message ?? `The service answered ${response.status}.`);
  }
  return answer as Answer;
}

export interface Session {
  user: string;
  role: "viewer" | "operator" | "administrator";
}

export async function session(): Promise<Session> {
  const response = await fetch("/console/session", { headers: HEADERS });
  if (response.status === 401) {
    signIn();
    return new Promise<Session>(() => undefined);
  }
  if (!response.ok) throw new ApiFailure("", `The service answered ${response.status}.`);
  return (await response.json()) as Session;
}

export type Severity = "High" | "Medium" | "Low" | "Informational" | "Undefined";
export const SEVERITIES: readonly Severity[] = ["High", "Medium", "Low", "Informational", "Undefined"];

export interface SeverityCount {
  severity: Severity;
  count: number;
}

export interface Issue {
  rulesPackageArn: string;
  ruleName: string;
  subject: string;
  severity: Severity;
  exploited: boolean;
  score?: string;
  fixedVersion?: string;
  hosts: number;
  firstSeenAt: number;
}

export interface RunOverview {
  assessmentRunArn: string;
  name: string;
  completedAt: number;
  severityCounts: SeverityCount[];
  issues: number;
  newIssues: number;
  goneIssues: number;
  exploitedIssues: number;
  affectedHosts: number;
}

export interface Overview {
  latestRun?: RunOverview;
  notableIssues: Issue[];
  hosts: number;
  healthyHosts: number;
  runsInProgress: string[];
  feeds: number;
  oldestFeedFetchedAt?: number;
}

export interface IssuePage {
  assessmentRunArn?: string;
  issues: Issue[];
  total: number;
  severityCounts: SeverityCount[];
  nextToken?: string;
}

export interface FindingRow {
  arn: string;
  severity: Severity;
  ruleName: string;
  subject: string;
  title: string;
  rulesPackageArn: string;
  agentId?: string;
  hostname?: string;
  createdAt: number;
}

export interface FindingPage {
  assessmentRunArn?: string;
  findings: FindingRow[];
  total: number;
  severityCounts: SeverityCount[];
  rulesPackageCounts: { rulesPackageArn: string; count: number }[];
  nextToken?: string;
}

export interface Attribute {
  key: string;
  value?: string;
}

export interface Finding {
  arn: string;
  id: string;
  title: string;
  description: string;
  recommendation: string;
  severity: Severity;
  attributes: Attribute[];
  userAttributes: Attribute[];
  assetAttributes: { agentId?: string; hostname?: string; ipv4Addresses?: string[] };
  serviceAttributes: { assessmentRunArn: string; rulesPackageArn: string };
  createdAt: number;
  updatedAt: number;
}

export interface Host {
  agentId: string;
  hostname?: string;
  distribution?: string;
  agentVersion?: string;
  agentHealth?: "HEALTHY" | "UNHEALTHY" | "UNKNOWN";
  lastHeartbeatAt?: number;
  tags?: Attribute[];
  severityCounts: SeverityCount[];
}

export interface HostPage {
  hosts: Host[];
  total: number;
  nextToken?: string;
}

export interface Feed {
  name: string;
  origin: string;
  fetchedAt: number;
  publishedAt?: number;
  advisories: number;
  unparsed: number;
}

export interface Run {
  arn: string;
  name: string;
  state: string;
  assessmentTemplateArn: string;
  createdAt: number;
  startedAt?: number;
  completedAt?: number;
  stateChangedAt: number;
  dataCollected: boolean;
  findingCounts: Partial<Record<Severity, number>>;
}

let packages: Promise<Map<string, string>> | undefined;

/** The names of the rules packages by ARN; asked for once. */
export function packageNames(): Promise<Map<string, string>> {
  packages ??= (async () => {
    const { rulesPackageArns } = await call<{ rulesPackageArns: string[] }>("ListRulesPackages", { maxResults: 100 });
    const described = await call<{ rulesPackages: { arn: string; name: string }[] }>("DescribeRulesPackages", {
      rulesPackageArns: rulesPackageArns.slice(0, 10),
    });
    return new Map(described.rulesPackages.map((one) => [one.arn, one.name]));
  })();
  packages.catch(() => (packages = undefined));
  return packages;
}
