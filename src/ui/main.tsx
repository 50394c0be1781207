/** Starts the page: draws it, then fetches what stands on the stage first. The engine is loaded only when asked for. */
import { lazy, startTransition, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { isInForeignFrame, readEmbed } from "./embed/options";
import { startEmbedded } from "./embed/start";
import { follow } from "./navigation";
import { loadLayout } from "./Playground";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/setup.css";
import "./styles/stage.css";
import "./styles/inspector.css";
import "./styles/overlays.css";
import "./styles/places.css";
import "./styles/tour.css";

const root = document.getElementById("root");
if (!root) throw new Error("internal error: the page has no #root");
const embed = readEmbed(location.search, isInForeignFrame());
const Embed = lazy(async () => ({ default: (await import("./embed/Embed")).Embed }));

/** What was drawn when the page was built (first_paint/) gives way once the run it shows is here, or after so long without it. In milliseconds. */
const LATEST_START_MS = 2000;

// Before the first drawing, so that no place is drawn only to give way to another.
let ready: Promise<unknown> = Promise.resolve();
if (embed) startEmbedded(embed);
else {
  const go = () => follow(location.hash);
  const late = new Promise((done) => setTimeout(done, LATEST_START_MS));
  // What cannot be fetched says so where it is drawn.
  ready = Promise.allSettled([Promise.race([go(), late]), loadLayout()]);
  window.addEventListener("hashchange", () => void go());
}
// In slices: what is drawn already can be scrolled meanwhile.
const draw = () =>
  startTransition(() =>
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
    ),
  );
if (root.firstElementChild && !embed) void ready.then(draw);
else draw();
// After all that the visitor waits for: storing the page fetches its models and recordings. A frame has no use for them.
const store = () => void import("./updates").then(({ keepForOffline }) => keepForOffline());
if (import.meta.env.PROD && "serviceWorker" in navigator && !embed)
  if (document.readyState === "complete") store();
  else addEventListener("load", store);
