import Box from "@cloudscape-design/components/box";

import { call } from "./api";
import { useAsk } from "./ask";

interface Picture {
  title: string;
  advice: string;
  svg: string;
}

/** The network path of a finding; nothing for a finding without one. As an image, a picture can run no script. */
export function PathPicture({ finding }: { finding: string }) {
  const asked = useAsk(finding, (signal) => call<{ pictures: Picture[] }>("ListFindingPictures", { findingArn: finding }, signal));
  const picture = asked.answer?.pictures[0];
  if (!picture) return null;
  return (
    <div>
      <Box variant="h3">Path</Box>
      <div className="scrolled" role="region" aria-label="Path" tabIndex={0}>
        <img
          className="picture"
          alt={`${picture.title}. ${picture.advice}`}
          src={`data:image/svg+xml,${encodeURIComponent(picture.svg)}`}
        />
      </div>
    </div>
  );
}
