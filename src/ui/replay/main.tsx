/** Starts a file that replays one recording. Built by scripts/replay_page.ts into replay.html, apart from the page itself. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { openRecording } from "./recording";
import { Replay } from "./Replay";
import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/layout.css";
import "../styles/stage.css";
import "../styles/canvas.css";
import "../styles/inspector.css";
import "../styles/overlays.css";
import "../styles/tour.css";
import "./replay.css";

const root = document.getElementById("root");
if (!root) throw new Error("internal error: the page has no #root");
openRecording();
createRoot(root).render(
  <StrictMode>
    <Replay />
  </StrictMode>,
);
