/** The page inside another page: stage and transport, and the way to the whole. */
import { useEffect, useSyncExternalStore } from "react";
import { ExplainLayer } from "../panels/Explain";
import { LiveRegion } from "../panels/LiveRegion";
import { Logo } from "../panels/Logo";
import { Stage } from "../panels/Stage";
import { listenFor, STAGE_KEYS } from "../stage_keys";
import { wholeAddress } from "./options";
import "./embed.css";

const onHash = (changed: () => void): (() => void) => {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
};

export function Embed() {
  const address = useSyncExternalStore(onHash, () => location.href);
  useEffect(() => listenFor(STAGE_KEYS), []);
  return (
    <>
      <header className="embed-head">
        <h1>
          <Logo />
          Decoscope
        </h1>
        <a href={wholeAddress(address)} target="_blank" rel="noreferrer">
          Open in Decoscope
        </a>
      </header>
      <main className="embed" aria-label="A recorded run">
        <Stage />
      </main>
      <LiveRegion />
      <ExplainLayer />
    </>
  );
}
