/** The page: the line across the top, and the place that its address names. */
import { Activity, lazy, Suspense, useEffect } from "react";
import { Barrier } from "./Barrier";
import { ExplainLayer } from "./panels/Explain";
import { Header } from "./panels/Header";
import { useThemeOfPage } from "./panels/ThemeButton";
import { UndoBar } from "./panels/UndoBar";
import { places } from "./places/index";
import { PlaceView } from "./places/PlaceView";
import { Playground } from "./Playground";
import { HOME } from "./routes";
import { openDialog, useLayout } from "./stores/layout";
import { useRoute } from "./stores/route";

/** Fetched when somebody opens one. */
const ShareDialog = lazy(async () => ({ default: (await import("./sharing/ShareDialog")).ShareDialog }));
const HelpDialog = lazy(async () => ({ default: (await import("./panels/HelpDialog")).HelpDialog }));

const Palette = lazy(async () => ({ default: (await import("./panels/Palette")).Palette }));

/** Ctrl+K or Cmd+K, anywhere and while typing too. */
function onPaletteKey(e: KeyboardEvent): void {
  if (e.key.toLowerCase() !== "k" || !(e.ctrlKey || e.metaKey) || e.shiftKey || e.altKey) return;
  e.preventDefault();
  openDialog(useLayout.getState().dialog === "palette" ? null : "palette");
}

const TITLE = document.title;

export function App() {
  const dialog = useLayout((s) => s.dialog);
  const id = useRoute((s) => s.place);
  const place = places.find((p) => p.id === id && p.id !== HOME);
  useThemeOfPage();
  useEffect(() => {
    window.addEventListener("keydown", onPaletteKey);
    return () => window.removeEventListener("keydown", onPaletteKey);
  }, []);
  useEffect(() => {
    document.title = place ? `${place.label} \u00b7 Decoscope` : TITLE;
    // On a phone the window itself scrolls, and a place begins at its top.
    window.scrollTo({ top: 0 });
  }, [place]);
  return (
    <>
      <Header />
      <main>
        {/* A run goes on, and its stage stays as it was left, while somebody looks elsewhere. */}
        <Activity mode={place ? "hidden" : "visible"}>
          <Playground />
        </Activity>
        {place && <PlaceView place={place} />}
      </main>
      <UndoBar />
      <ExplainLayer />
      <Barrier key={dialog}>
        <Suspense>
          {dialog === "share" && <ShareDialog />}
          {dialog === "help" && <HelpDialog />}
          {dialog === "palette" && <Palette />}
        </Suspense>
      </Barrier>
    </>
  );
}
