/** Puts a method before the visitor: its example on the stage and in the setup, or what they typed themselves with another method. */
import { methodOf, modelFor, modelOf } from "./definitions";
import { report } from "./engine";
import { showTrace } from "./files";
import { loadRecording } from "./recordings";
import { isRunMissed, remember } from "./remember";
import { showcaseSettings } from "./showcase";
import { addAddressNotice, addNotice, isBusy, useEngine } from "./stores/engine";
import { setView } from "./stores/layout";
import { adoptSettings, setMethod, setModel, useSettings } from "./stores/settings";
import { offerUndo } from "./stores/undo";

/** The method asked for last: recordings that arrive later than that are dropped. */
let asked = "";

/**
 * Opens a method as its gallery card does: its recorded run on the stage, its settings in the setup. What was there can be had
 * back. A run under way keeps the stage if `isGentle`.
 */
export async function openMethod(id: string, isGentle = false): Promise<void> {
  asked = id;
  const method = methodOf(id);
  if (!method) {
    addAddressNotice(`This page has no method called \u201c${id}\u201d. The gallery has all there are.`);
    return;
  }
  const isKept = (): boolean => isGentle && isBusy(useEngine.getState().phase);
  const replaced = isKept()
    ? "prompt and settings; the run on the stage goes on"
    : "prompt, settings and run";
  if (useSettings.getState().isOwn || isRunMissed())
    offerUndo(`The example of ${method.label} took the place of ${replaced}.`, remember());
  adoptSettings(showcaseSettings(method), false);
  if (isKept()) return;
  const [view] = method.views;
  if (view !== undefined) setView(view);
  try {
    const events = await loadRecording(id);
    if (asked !== id || isKept()) return;
    if (events) showTrace({ kind: "recorded" }, events);
    else addNotice(`No recorded run of ${method.label} comes with this page. Run makes one.`);
  } catch (thrown) {
    report(thrown);
  }
}

/** Chooses a method in the setup: with its example, unless the visitor has settings of their own that it can run with. */
export function pickMethod(id: string): void {
  const { isOwn, model } = useSettings.getState();
  const method = methodOf(id);
  if (!method) return;
  const next = modelFor(method, model);
  if (isOwn && modelOf(next?.id ?? "")?.tokenizer === modelOf(model)?.tokenizer) {
    // A recording on its way is no longer wanted.
    asked = "";
    setMethod(id);
  } else void openMethod(id, true);
}

/** Chooses a model; a prompt that it cannot read gives way to one that it can. */
export async function pickModel(id: string): Promise<void> {
  const before = useSettings.getState();
  const restore = remember(true);
  setModel(id);
  try {
    (await import("./task_examples")).followModel(modelOf(before.model)?.tokenizer ?? "");
  } catch (thrown) {
    report(thrown);
    return;
  }
  if (before.isOwn && useSettings.getState().prompt !== before.prompt)
    offerUndo("The prompt was replaced by one that this model can read.", restore);
}
