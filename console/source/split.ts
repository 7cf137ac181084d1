// The split panel below a list: a page sets it, the layout shows it.

import { createContext, type ReactNode, useContext, useEffect } from "react";

export interface SplitPart {
  panel: ReactNode;
  close: () => void;
}

export const SplitContext = createContext<(part: SplitPart | undefined) => void>(() => undefined);

/** Show `part` in the split panel as long as `key` stays; nothing for an empty key. */
export function useSplit(key: string, part: () => SplitPart): void {
  const set = useContext(SplitContext);
  useEffect(() => {
    set(key ? part() : undefined);
    // `part` is a new function at each rendering; `key` names what it shows.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, set]);
}
