// Keyboard: "/" goes to the filter, "g" and a letter to a page.

import { useEffect } from "react";

const PAGES: Record<string, string> = { d: "", f: "findings", i: "issues", h: "hosts", r: "runs", e: "feeds" };

export function useJumps(): void {
  useEffect(() => {
    let waiting = false;
    const pressed = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select")) return;
      if (event.key === "/") {
        const filter = document.querySelector<HTMLInputElement>('input[type="search"], [data-filter] input');
        if (filter) {
          event.preventDefault();
          filter.focus();
        }
      } else if (waiting && event.key in PAGES) {
        location.hash = `#/${PAGES[event.key]}`;
      }
      waiting = event.key === "g";
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}
