/**
 * The drawings of the page, in the order of their tabs. One file each; add a line to add one. The first stage needs that of trees;
 * the others are fetched when they are first shown.
 */
import { CANVAS_HEAD, CURVES_HEAD, MAP_HEAD } from "./canvas/heads";
import { DEPTH_HEAD, WAVE_HEAD, WORDS_HEAD } from "./depth/head";
import { treeView } from "./tree";
import { ACCEPTANCE_HEAD, COSTS_HEAD, STEPS_HEAD, TOKENS_HEAD } from "./heads";
import { lazyTab, type RunKind, tabOf, type ViewTab } from "./view";

const FIRST = tabOf(treeView);

export const tabs: readonly ViewTab[] = [
  FIRST,
  lazyTab(CANVAS_HEAD, async () => (await import("./canvas/grid")).canvasView),
  lazyTab(MAP_HEAD, async () => (await import("./canvas/map")).mapView),
  lazyTab(CURVES_HEAD, async () => (await import("./canvas/curves")).curvesView),
  lazyTab(WAVE_HEAD, async () => (await import("./depth/wave")).waveView),
  lazyTab(DEPTH_HEAD, async () => (await import("./depth/grid")).depthView),
  lazyTab(WORDS_HEAD, async () => (await import("./depth/words")).wordsView),
  lazyTab(STEPS_HEAD, async () => (await import("./steps")).stepsView),
  lazyTab(TOKENS_HEAD, async () => (await import("./tokens")).tokensView),
  lazyTab(ACCEPTANCE_HEAD, async () => (await import("./acceptance")).acceptanceView),
  lazyTab(COSTS_HEAD, async () => (await import("./costs")).costsView),
];

/** The tabs of the stage for a kind of run. */
export const tabsFor = (kind: RunKind): readonly ViewTab[] =>
  tabs.filter(({ head }) => head.isFor?.includes(kind) ?? true);

export const DEFAULT_VIEW = treeView.id;

/** The tab with this id, or the first. */
export const viewOf = (id: string): ViewTab => tabs.find(({ head }) => head.id === id) ?? FIRST;

/** The tab with this id if it suits the kind of run, else the first that does. */
export const shownView = (id: string, kind: RunKind): ViewTab => {
  const suited = tabsFor(kind);
  return suited.find(({ head }) => head.id === id) ?? suited[0] ?? FIRST;
};
