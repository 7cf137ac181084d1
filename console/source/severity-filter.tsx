// A token filter for a list: severities, free text and more, kept in the place.

import PropertyFilter, { type PropertyFilterProps } from "@cloudscape-design/components/property-filter";

import { SEVERITIES } from "./api";
import { type Place, placeText, replacePlace } from "./route";

interface FilterProps {
  page: string;
  place: Place;
  withNew?: boolean;
  /** Offers host and rule besides severity, for lists of findings. */
  ofFindings?: boolean;
}

export function SeverityFilter({ page, place, withNew = false, ofFindings = false }: FilterProps) {
  const properties: PropertyFilterProps.FilteringProperty[] = [
    { key: "severity", propertyLabel: "Severity", groupValuesLabel: "Severities", operators: ["="] },
    ...(withNew ? [{ key: "new", propertyLabel: "New", groupValuesLabel: "New issues", operators: ["="] as const }] : []),
    ...(ofFindings
      ? [
          { key: "rule", propertyLabel: "Rule or CVE", groupValuesLabel: "Rules", operators: ["="] as const },
          { key: "host", propertyLabel: "Host id", groupValuesLabel: "Hosts", operators: ["="] as const },
          { key: "run", propertyLabel: "Run", groupValuesLabel: "Runs", operators: ["="] as const },
        ]
      : []),
  ];
  const names = new Set(properties.map((one) => one.key));
  const tokens: PropertyFilterProps.Token[] = [];
  for (const [name, value] of place.parameters) {
    if (names.has(name)) tokens.push({ propertyKey: name, operator: "=", value });
    else if (name === "text" && value) tokens.push({ operator: ":", value });
  }
  const change = (query: PropertyFilterProps.Query) => {
    const parameters: Record<string, string[]> = {};
    for (const [name, value] of place.parameters) if (!names.has(name) && name !== "text") parameters[name] = [value];
    for (const token of query.tokens) {
      const name = token.propertyKey ?? (ofFindings ? "rule" : "text");
      const value = String(token.value);
      const known = parameters[name] ?? [];
      parameters[name] = name === "text" || name === "run" ? [value] : [...new Set([...known, value])];
    }
    replacePlace(placeText(page, parameters));
  };
  return (
    <div data-filter>
      <PropertyFilter
        query={{ tokens, operation: "and" }}
        onChange={({ detail }) => change(detail)}
        filteringProperties={properties}
        filteringOptions={[
          ...SEVERITIES.map((value) => ({ propertyKey: "severity", value })),
          ...(withNew ? [{ propertyKey: "new", value: "yes" }] : []),
        ]}
        hideOperations
        filteringPlaceholder={ofFindings ? "Filter by severity, rule, host" : "Filter by severity or text"}
        filteringAriaLabel="Filter"
      />
    </div>
  );
}
