/** The drawings of the page, in the order of their tabs. One file each; add a line to add one. */
import { acceptanceView } from "./acceptance";
import { canvasView } from "./canvas/grid";
import { curvesView } from "./canvas/curves";
import { mapView } from "./canvas/map";
import { canvasStripView } from "./canvas/strip";
import { costsView } from "./costs";
import { slotsView } from "./slots";
import { stepsView } from "./steps";
import { tokensView } from "./tokens";
import { treeView } from "./tree";
import type { ViewDefinition } from "./view";

export const views: readonly ViewDefinition[] = [
  treeView,
  canvasView,
  mapView,
  curvesView,
  stepsView,
  tokensView,
  acceptanceView,
  costsView,
  slotsView,
  canvasStripView,
];

/** Drawings that stand under the stage all the time and are no tabs. */
export const STRIPS: ReadonlySet<string> = new Set([slotsView.id, canvasStripView.id]);

/** What tabs there are, for runs of every kind. */
const tabs: readonly ViewDefinition[] = views.filter((v) => !STRIPS.has(v.id));

/** The tabs of the stage for a run that fills a canvas, or for one that appends to a text. */
export const tabsFor = (isCanvas: boolean): readonly ViewDefinition[] =>
  tabs.filter((v) => v.isFor === undefined || (v.isFor === "canvas") === isCanvas);

export const DEFAULT_VIEW = treeView.id;

/** The tab with this id, or the first. */
export const viewOf = (id: string): ViewDefinition => tabs.find((v) => v.id === id) ?? treeView;

/** The tab with this id if it suits the kind of run, else the first that does. */
export const shownView = (id: string, isCanvas: boolean): ViewDefinition => {
  const suited = tabsFor(isCanvas);
  return suited.find((v) => v.id === id) ?? suited[0] ?? treeView;
};
