/** One recorded run by itself: stage and inspector, without a setup and without an engine. */
import { useEffect } from "react";
import { count } from "../format";
import { ExplainLayer } from "../panels/Explain";
import { Inspector } from "../panels/Inspector";
import { LiveRegion } from "../panels/LiveRegion";
import { Logo } from "../panels/Logo";
import { Stage } from "../panels/Stage";
import { ThemeButton, useThemeOfPage } from "../panels/ThemeButton";
import { useIsWide } from "../panels/use_wide";
import { listenFor, STAGE_KEYS } from "../stage_keys";
import { useLayout } from "../stores/layout";
import { useRun } from "../stores/run";
import { homeOf } from "./recording";

function Head() {
  const home = homeOf();
  return (
    <header className="header">
      <h1>
        <Logo />
        Decoscope
      </h1>
      <div className="header-actions">
        {home !== null && (
          <a
            className="button-link"
            href={home}
            target="_blank"
            rel="noreferrer"
            title="Opens the page that this file was saved from, with the settings of this run. Needs a network."
          >
            Open in Decoscope
          </a>
        )}
        <ThemeButton />
      </div>
    </header>
  );
}

/** What the file is, for whoever got it from somebody. */
function AboutFile() {
  const events = useRun((s) => s.length);
  if (events === 0) return null;
  return (
    <section className="about-file" aria-label="This file">
      <h2 className="section-name">This file</h2>
      <p className="help" data-testid="about-file">
        One recorded run, {count(events)} events, and what draws them. It needs no network, no model and no
        GPU, and sends nothing anywhere. Decoscope opens the file too, and can go on from any step of it.
      </p>
    </section>
  );
}

export function Replay() {
  const isWide = useIsWide();
  const hasChosen = useLayout((s) => s.pinned !== null) && !isWide;
  useThemeOfPage();
  useEffect(() => listenFor(STAGE_KEYS), []);
  return (
    <>
      <Head />
      <main className={isWide ? "replay" : "folded replay"}>
        <section className="column" aria-label="Stage">
          <Stage hasChosen={hasChosen} />
        </section>
        <section className="column" aria-label="Inspector">
          <Inspector isChosenElsewhere={hasChosen} />
          <AboutFile />
        </section>
      </main>
      <LiveRegion />
      <ExplainLayer />
    </>
  );
}
