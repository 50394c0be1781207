/** The drawings of the page, in the order of their tabs. One file each; add a line to add one. */
import { acceptanceView } from "./acceptance";
import { costsView } from "./costs";
import { slotsView } from "./slots";
import { stepsView } from "./steps";
import { tokensView } from "./tokens";
import { treeView } from "./tree";
import type { ViewDefinition } from "./view";

export const views: readonly ViewDefinition[] = [
  treeView,
  stepsView,
  tokensView,
  acceptanceView,
  costsView,
  slotsView,
];

/** Drawings that stand under the stage all the time and are no tabs. */
export const STRIPS: ReadonlySet<string> = new Set([slotsView.id]);

/** The tabs of the stage. */
export const tabs: readonly ViewDefinition[] = views.filter((v) => !STRIPS.has(v.id));

export const DEFAULT_VIEW = treeView.id;

/** The tab with this id, or the first. */
export const viewOf = (id: string): ViewDefinition => tabs.find((v) => v.id === id) ?? treeView;
