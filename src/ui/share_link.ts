/** Links of this page: what share/link.ts needs to know of methods and models, and what opening a link does. */
import { decodeLink, encodeLink, type LinkContents, type LinkContext } from "../share/link";
import { LINK_VERSION } from "../share/migrations";
import { blanksOf } from "../decoding/canvas/blanks";
import { encodeTrace } from "../trace/codec";
import { isHubId } from "../models/hub/name";
import type { RunStartEvent } from "../trace/events";
import { hashTokens } from "../trace/hash";
import type { Timeline } from "../trace/timeline";
import type { RunView } from "../trace/view";
import type { RunSettings } from "../worker/api";
import { draftOf, keptLabel, methodOf, modelOf, runSchema, samplerSchema } from "./definitions";
import { expectHash } from "./engine";
import { showTrace } from "./files";
import { listed } from "./format";
import { settingsOfRun, type Asked } from "./run_settings";
import { addAddressNotice, dropNotice } from "./stores/engine";
import { setView, useLayout } from "./stores/layout";
import { useMoreModels } from "./stores/more_models";
import { useRun } from "./stores/run";
import { adoptSettings, defaultSettings, runSettings, useSettings } from "./stores/settings";
import { readTrace } from "./trace_file";
import { DEFAULT_VIEW, viewOf } from "./views/index";

type Contents = LinkContents<typeof samplerSchema>;

const defaults = defaultSettings();
const context: LinkContext<typeof samplerSchema> = {
  defaults: {
    model: defaults.model,
    draft: draftOf(defaults.model)?.id ?? null,
    method: defaults.method,
    prompt: defaults.prompt,
    views: [DEFAULT_VIEW],
  },
  paramsOf: (method) => methodOf(method)?.params,
  sampler: samplerSchema,
  run: runSchema,
  isModel: (id) => modelOf(id) !== undefined || isHubId(id),
};

/** What a link is to hold. */
export type LinkKind =
  /** The run on the stage with its trace: shows the same on any device. */
  | "run"
  /** The settings of the run on the stage. */
  | "settings"
  /** What stands in the setup column. */
  | "setup";

/** What a run began with, unless its prompt says it: gaps are written in the prompt. */
const beginOf = ({ begin, prompt }: RunStartEvent): RunStartEvent["begin"] =>
  begin?.step === 0 && begin.forced.length === 0 && blanksOf(prompt).length > 0 ? null : begin;

const contentsOf = (asked: Asked, hash: string | null, kept: RunStartEvent["kept"] = []): Contents => ({
  model: asked.model,
  draft: asked.draft,
  method: asked.method,
  params: asked.params,
  sampler: { ...asked.sampler },
  prompt: asked.prompt,
  begin: asked.begin,
  seed: asked.seed,
  maxNewTokens: asked.maxNewTokens,
  views: [useLayout.getState().view],
  hash,
  kept,
});

/** Hash of a run that came to its end; null for others. */
const hashOf = ({ status }: RunView): string | null =>
  status.state === "ended" && status.reason !== "cancelled" && status.reason !== "error" ? status.hash : null;

const contentsOfRun = (start: RunStartEvent): Contents =>
  contentsOf({ ...start, begin: beginOf(start) }, hashOf(useRun.getState().latest), start.kept);
const contentsOfSetup = (): Contents => contentsOf(runSettings(useSettings.getState()), null);

const traceOf = (timeline: Timeline): Uint8Array => new TextEncoder().encode(encodeTrace(timeline.events));

/** A run as part of a longer link: its settings, and what came of them if `timeline` is given. */
export const encodeRun = (settings: RunSettings, timeline: Timeline | null): string =>
  encodeLink(
    contentsOf(settings, timeline && hashOf(timeline.latest), timeline?.latest.start?.kept),
    context,
    timeline ? traceOf(timeline) : undefined,
  );

/** What {@link encodeRun} wrote, read with suspicion: settings, the bytes of a trace, and what was wrong. */
export function decodeRun(text: string): {
  readonly settings: RunSettings;
  readonly trace: Uint8Array | null;
  readonly problems: readonly string[];
} {
  const { contents, trace, issues } = decodeLink(text, context);
  return {
    settings: settingsOfRun(contents),
    trace,
    problems: issues.map(({ key, message }) => (key === "link" ? message : `${key}: ${message}`)),
  };
}

/** The whole address of a link. */
export function makeLink(kind: LinkKind): string {
  const { latest, timeline } = useRun.getState();
  const contents = kind === "setup" || !latest.start ? contentsOfSetup() : contentsOfRun(latest.start);
  const trace = kind === "run" ? traceOf(timeline) : undefined;
  const url = new URL(location.href);
  url.hash = encodeLink(contents, context, trace);
  return url.href;
}

function openTrace(bytes: Uint8Array, hash: string | null): boolean {
  try {
    const { events, warnings } = readTrace(bytes);
    for (const warning of warnings) addAddressNotice(`The run in this link: ${warning}.`);
    showTrace({ kind: "link" }, events);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    addAddressNotice(
      `The run in this link cannot be shown. ${why} Its settings are in place: Run replays them on this device.`,
    );
    return false;
  }
  const tokens = useRun
    .getState()
    .latest.tokens.toArray()
    .map((t) => t.token);
  if (hash !== null && hashTokens(tokens) !== hash)
    addAddressNotice(
      "The hash in this link is not that of the tokens in its trace: one of them was changed.",
    );
  return true;
}

/** Says what is true until the next run of the visitor's own comes to the stage. */
function noticeUntilRun(message: string): void {
  addAddressNotice(message);
  const stop = useRun.subscribe((now, before) => {
    if (now.timeline === before.timeline || now.source.kind !== "live") return;
    stop();
    dropNotice(message);
  });
}

/** Whether a link says that it is of a version that is not known here. */
const isNewer = (fragment: string): boolean =>
  Number(/^#?v(\d{1,6})\./.exec(fragment)?.[1] ?? 0) > LINK_VERSION;

/**
 * Takes over what a link holds; says what was wrong with it. Resolves with whether it put a run on the stage.
 * Runs nothing and loads nothing.
 */
export function openLink(fragment: string): boolean {
  const link = decodeLink(fragment, context);
  // A trace that could not be read is said in one notice, with what to do.
  for (const { key, message } of link.issues)
    if (key === "trace")
      addAddressNotice(
        "The recording in this link is damaged: a part of the link was probably cut off on its way. Its settings are in place: Run replays them on this device. Or ask for the link again.",
      );
    else if (key === "link" && isNewer(fragment))
      addAddressNotice(
        `This link was made by a newer Decoscope: this page reads links up to version ${LINK_VERSION}. Reload the page to get the newest one, then open the link again.`,
      );
    else if (key === "link")
      addAddressNotice(
        `This link cannot be read; nothing of the page was changed. It was probably cut off or altered on the way: ask for it again. (What is wrong with it: ${message.replace(/; using defaults.*$/, "")}.)`,
      );
    else
      addAddressNotice(
        `One entry of this link, \u201c${key}\u201d, is not one this page can use; all others are in place. Look at the setup before you press Run. (What is wrong with it: ${message}.)`,
      );
  if (link.status !== "read") return false;
  const { views, hash, kept, ...settings } = link.contents;
  adoptSettings({ ...settings, detail: "full", profile: false });
  // Nothing is asked of another host unless the visitor says so: the page tells which model it would be.
  useMoreModels.setState({ wanted: modelOf(settings.model) ? null : settings.model });
  setView(viewOf(views[0] ?? DEFAULT_VIEW).head.id);
  if (link.trace && openTrace(link.trace, hash)) return true;
  expectHash(hash, kept);
  if (useLayout.getState().isReplayOnly) {
    addAddressNotice(
      "This link holds settings and no recording, so there is nothing to show in a frame. Open it in Decoscope to run them.",
    );
    return false;
  }
  const isTold = link.trace !== null || link.issues.some(({ key }) => key === "trace");
  const says = [
    ...(isTold ? [] : ["The settings of the link are in place. Run replays them on this device."]),
    // In how many bits a model is kept is no setting of a run: it is said, and chosen where models are.
    ...(kept.length === 0
      ? []
      : [
          `The run in the link was made with ${listed(kept.map(keptLabel))}; how models are kept here is chosen on the Models page.`,
        ]),
  ];
  if (says.length > 0) noticeUntilRun(says.join(" "));
  return false;
}
