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

export interface StateChange {
  state: string;
  stateChangedAt: number;
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
  durationInSeconds: number;
  rulesPackageArns: string[];
  stateChanges: StateChange[];
  findingCounts: Partial<Record<Severity, number>>;
}

export interface Exclusion {
  title: string;
  description: string;
  recommendation: string;
  scopes: { key: string; value: string }[];
}

export interface HostView extends Host {
  operatingSystem?: string;
  kernelVersion?: string;
  ipv4Address?: string;
  healthDetails?: string;
  enrolledAt?: number;
  assessmentRunArn?: string;
  assessmentRunName?: string;
  completedAt?: number;
  rulesPackages: {
    rulesPackageArn: string;
    detected: number;
    passed: number;
    notApplicable: number;
    notJudged: number;
  }[];
  notJudgedRules: { rulesPackageArn: string; name: string; title: string }[];
  exclusions: Exclusion[];
  packages?: PackageCounts;
}

export interface PackageCounts {
  affected: number;
  notAffected: number;
  notAssessed: { reason: string; message: string; packages: number }[];
}

export interface PackageConclusion {
  name: string;
  version: string;
  architecture?: string;
  manager: string;
  verdict: "AFFECTED" | "NOT_AFFECTED" | "NOT_ASSESSED";
  message?: string;
  vulnerabilities: number;
  advisory?: string;
  statement?: string;
  fixedVersion?: string;
}

export interface Target {
  arn: string;
  name: string;
  resourceGroupArn?: string;
  createdAt: number;
}

export interface Template {
  arn: string;
  name: string;
  assessmentTargetArn: string;
  durationInSeconds: number;
  rulesPackageArns: string[];
  assessmentRunCount: number;
  lastAssessmentRunArn?: string;
  createdAt: number;
}

export interface Waiver {
  arn: string;
  assessmentTemplateArn: string;
  verdict: string;
  issues: string[];
  subject: string;
  agentIds: string[];
  reason: string;
  owner: string;
  createdAt: number;
  expiresOn: string;
  ends: { agentId: string; endedOn: string; part: string; was: string[]; now: string[] }[];
  fromFile: boolean;
}

export interface SearchResult {
  kind: "HOST" | "ISSUE" | "TARGET" | "TEMPLATE" | "RUN";
  id: string;
  name: string;
  detail?: string;
}

export interface ControlCounts {
  passed: number;
  failed: number;
  waived: number;
  notJudged: number;
  notApplicable: number;
}

export interface Benchmark {
  benchmarkId: string;
  product: string;
  version: string;
  instances: number;
  counts: ControlCounts;
  sections: { section: string; counts: ControlCounts }[];
  controls: { number: string; title: string; counts: ControlCounts; failedOn: string[] }[];
}

type Described<Item> = Record<string, Item[] | Record<string, unknown>>;

/** Return every ARN of a list operation of the vendor's. */
export async function listArns(operation: string, member: string, input: object, signal?: AbortSignal): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await call<Record<string, unknown>>(operation, { ...input, maxResults: 100, nextToken }, signal);
    arns.push(...(page[member] as string[]));
    nextToken = page.nextToken as string | undefined;
  } while (nextToken);
  return arns;
}

/** Return what a describe operation says about ARNs: ten at a time, as the vendor allows. */
export async function describe<Item>(
  operation: string,
  asked: string,
  answered: string,
  arns: readonly string[],
  signal?: AbortSignal,
): Promise<Item[]> {
  const found: Item[] = [];
  for (let start = 0; start < arns.length; start += 10) {
    const page = await call<Described<Item>>(operation, { [asked]: arns.slice(start, start + 10) }, signal);
    const items = page[answered] ?? [];
    found.push(...(Array.isArray(items) ? items : (Object.values(items) as Item[])));
  }
  return found;
}

export function describeRuns(arns: readonly string[], signal?: AbortSignal): Promise<Run[]> {
  return describe<Run>("DescribeAssessmentRuns", "assessmentRunArns", "assessmentRuns", arns, signal);
}

export async function allTargets(signal?: AbortSignal): Promise<Target[]> {
  const arns = await listArns("ListAssessmentTargets", "assessmentTargetArns", {}, signal);
  return describe<Target>("DescribeAssessmentTargets", "assessmentTargetArns", "assessmentTargets", arns, signal);
}

export async function allTemplates(signal?: AbortSignal): Promise<Template[]> {
  const arns = await listArns("ListAssessmentTemplates", "assessmentTemplateArns", {}, signal);
  return describe<Template>("DescribeAssessmentTemplates", "assessmentTemplateArns", "assessmentTemplates", arns, signal);
}

let packages: Promise<Map<string, string>> | undefined;

/** The names of the rules packages by ARN; asked for once. */
export function packageNames(): Promise<Map<string, string>> {
  packages ??= (async () => {
    const arns = await listArns("ListRulesPackages", "rulesPackageArns", {});
    const described = await describe<{ arn: string; name: string }>(
      "DescribeRulesPackages",
      "rulesPackageArns",
      "rulesPackages",
      arns,
    );
    return new Map(described.map((one) => [one.arn, one.name]));
  })();
  packages.catch(() => (packages = undefined));
  return packages;
}
