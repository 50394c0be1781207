/**
 * What the page shows before its script has come: the very components of the stage, drawn when the page is built, with the recorded run
 * at its beginning. Only for browsers that open the plain address (start.js hides it from others); the script replaces it.
 */
import { renderToStaticMarkup } from "react-dom/server";
import { showTrace } from "../files";
import { Header } from "../panels/Header";
import { Stage } from "../panels/Stage";
import { parseRecording } from "../recordings";
import { useEngine } from "../stores/engine";
import { openTour } from "../stores/layout";
import { showStep } from "../stores/player";

/** @param recording the recorded run that stands on the stage first, as its file holds it */
export function firstPaint(recording: Uint8Array): string {
  useEngine.setState({ hasWebGpu: true });
  showTrace({ kind: "recorded" }, parseRecording(recording));
  showStep(-1);
  openTour();
  const markup = renderToStaticMarkup(
    <div className="first-paint" inert>
      <Header />
      <main>
        <section>
          <Stage />
        </section>
      </main>
    </div>,
  );
  // A file that was chosen before the script has come would be lost.
  return markup.replaceAll(/<input type="file"[^>]*>/g, "");
}
