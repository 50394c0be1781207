/** Starts the page: draws it, then fetches what stands on the stage first. The engine is loaded only when asked for. */
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { isInForeignFrame, readEmbed } from "./embed/options";
import { startEmbedded } from "./embed/start";
import { follow } from "./navigation";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/setup.css";
import "./styles/stage.css";
import "./styles/canvas.css";
import "./styles/inspector.css";
import "./styles/overlays.css";
import "./styles/places.css";
import "./styles/tour.css";

const root = document.getElementById("root");
if (!root) throw new Error("internal error: the page has no #root");
const embed = readEmbed(location.search, isInForeignFrame());
const Embed = lazy(async () => ({ default: (await import("./embed/Embed")).Embed }));

// Before the first drawing, so that no place is drawn only to give way to another.
if (embed) startEmbedded(embed);
else {
  const go = () => follow(location.hash);
  go();
  window.addEventListener("hashchange", go);
}
createRoot(root).render(
  <StrictMode>
    {embed ? (
      <Suspense>
        <Embed />
      </Suspense>
    ) : (
      <App />
    )}
  </StrictMode>,
);
// After all that the visitor waits for: storing the page fetches its models and recordings. A frame has no use for them.
if (import.meta.env.PROD && "serviceWorker" in navigator && !embed)
  addEventListener("load", () => void import("./updates").then(({ keepForOffline }) => keepForOffline()));
