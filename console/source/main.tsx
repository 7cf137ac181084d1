import "./ground.css";
import { applyMode, Mode } from "@cloudscape-design/global-styles";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app";

const MODE = "openinspector-mode";

/** The reader's choice, or the system's. */
export function modeNow(): "dark" | "light" {
  const chosen = localStorage.getItem(MODE);
  if (chosen === "dark" || chosen === "light") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function show(mode: "dark" | "light"): void {
  applyMode(mode === "dark" ? Mode.Dark : Mode.Light);
}

show(modeNow());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(modeNow()));

function choose(mode: "dark" | "light"): void {
  localStorage.setItem(MODE, mode);
  show(mode);
}

const root = document.getElementById("app");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App mode={modeNow} choose={choose} />
    </StrictMode>,
  );
}
