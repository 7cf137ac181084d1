// The place in the console: a page and its parameters, after the # of the URL. It holds a page's whole state.

import { useSyncExternalStore } from "react";

export interface Place {
  page: string;
  parameters: URLSearchParams;
}

function current(): string {
  return location.hash.slice(1) || "/";
}

export function parsePlace(text: string): Place {
  const [path = "/", query = ""] = text.split("?", 2);
  const parameters = new URLSearchParams(query);
  if (path.replace(/^\/+/, "") === "finding" && parameters.has("filter")) return classicFilter(parameters);
  return { page: path.replace(/^\/+|\/+$/g, ""), parameters };
}

/** Return the place of a link of Inspector Classic, `#/finding?filter={"assessmentRunArns":[…]}`. */
function classicFilter(parameters: URLSearchParams): Place {
  const found = new URLSearchParams();
  try {
    const filter = JSON.parse(parameters.get("filter") ?? "{}") as Record<string, unknown>;
    const take = (member: string, name: string, most = 50) => {
      const values = filter[member];
      if (!Array.isArray(values)) return;
      for (const value of values.slice(0, most)) if (typeof value === "string") found.append(name, value);
    };
    take("assessmentRunArns", "run", 1);
    take("severities", "severity");
    take("agentIds", "host");
    take("ruleNames", "rule");
    take("rulesPackageArns", "package");
  } catch {
    // Not JSON: the list without a filter.
  }
  return { page: "findings", parameters: found };
}

export function placeText(page: string, parameters: Record<string, string | readonly string[] | undefined> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === "") continue;
    if (typeof value === "string") query.append(name, value);
    else for (const one of value) query.append(name, one);
  }
  const text = query.toString();
  return `#/${page}${text ? `?${text}` : ""}`;
}

function subscribe(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}

export function usePlace(): Place {
  return parsePlace(useSyncExternalStore(subscribe, current));
}

/** Replace the place without a new entry in the browser's history: for filters. */
export function replacePlace(text: string): void {
  history.replaceState(null, "", text);
  dispatchEvent(new HashChangeEvent("hashchange"));
}
