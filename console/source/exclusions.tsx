import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";

import type { Exclusion } from "./api";
import { printable } from "./show";

/** Checks that could not be completed, and what to do. */
export function Exclusions({ exclusions }: { exclusions: Exclusion[] }) {
  return (
    <SpaceBetween size="m">
      {exclusions.map((one) => (
        <div key={`${one.title} ${one.scopes.map((scope) => scope.value).join(" ")}`}>
          <Box variant="h3">{one.title}</Box>
          <Box variant="p">
            <span className="lines">{printable(one.description)}</span>
          </Box>
          <Box variant="p">
            <b>What to do: </b>
            <span className="lines">{printable(one.recommendation)}</span>
          </Box>
        </div>
      ))}
    </SpaceBetween>
  );
}
