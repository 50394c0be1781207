/** Opens a method as its gallery card does: its recorded run on the stage, its settings in the setup column. */
import { methodOf } from "./definitions";
import { report } from "./engine";
import { showTrace } from "./files";
import { loadRecording } from "./recordings";
import { showcaseSettings } from "./showcase";
import { addNotice } from "./stores/engine";
import { setView } from "./stores/layout";
import { adoptSettings } from "./stores/settings";

/** The method asked for last: recordings that arrive later than that are dropped. */
let asked = "";

export async function openMethod(id: string): Promise<void> {
  asked = id;
  const method = methodOf(id);
  if (!method) {
    addNotice(`This page has no method called \u201c${id}\u201d. The gallery has all there are.`);
    return;
  }
  adoptSettings(showcaseSettings(method));
  const [view] = method.views;
  if (view !== undefined) setView(view);
  try {
    const events = await loadRecording(id);
    if (asked !== id) return;
    if (events) showTrace({ kind: "recorded" }, events);
    else addNotice(`No recorded run of ${method.label} comes with this page. Run makes one.`);
  } catch (thrown) {
    report(thrown);
  }
}
