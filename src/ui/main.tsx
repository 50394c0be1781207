/** Starts the page: draws it, then fetches what stands on the stage first. The engine is loaded only when asked for. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { openRecordedRun } from "./files";
import { openLink } from "./share_link";
import { watchBaselines } from "./stores/baseline";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/setup.css";
import "./styles/stage.css";
import "./styles/canvas.css";
import "./styles/inspector.css";
import "./styles/overlays.css";

const root = document.getElementById("root");
if (!root) throw new Error("internal error: the page has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
watchBaselines();
// A link's own run goes before the recorded one.
if (!openLink(location.hash)) void openRecordedRun(false);
window.addEventListener("hashchange", () => openLink(location.hash));
