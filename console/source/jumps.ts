// Keyboard: "/" goes to the filter, "?" shows the keys, "g" and a letter go to a page.

import { useEffect } from "react";

const PAGES: Record<string, string> = {
  d: "",
  f: "findings",
  i: "issues",
  h: "hosts",
  r: "runs",
  t: "targets",
  p: "templates",
  w: "waivers",
  e: "feeds",
};

export function useJumps(help: () => void): void {
  useEffect(() => {
    let waiting = false;
    const pressed = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select")) return;
      if (event.key === "/") {
        const filter = visible('main input[type="search"], [data-filter] input') ?? visible('#top input[type="search"]');
        if (filter) {
          event.preventDefault();
          filter.focus();
        }
      } else if (event.key === "?") {
        help();
      } else if (waiting && event.key in PAGES) {
        location.hash = `#/${PAGES[event.key]}`;
      }
      waiting = event.key === "g";
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [help]);
}

/** The first that is shown: the top navigation keeps a hidden copy of itself. */
function visible(selector: string): HTMLInputElement | undefined {
  return [...document.querySelectorAll<HTMLInputElement>(selector)].find((one) => one.checkVisibility({ visibilityProperty: true }));
}
