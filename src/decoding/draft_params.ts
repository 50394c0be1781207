/** Settings that methods with a draft model share. */
import { integer, number } from "../base/params";
import { MAX_NODES } from "./draft_tree";

export const draftTemperature = number({
  default: 0,
  min: 0,
  max: 2,
  step: 0.05,
  label: "Draft temperature",
  help: "Temperature of the draft model; 0 uses that of the target. The text keeps the target's law either way; lower values propose the likely tokens more often.",
});

/** Size of a tree whose shape the method finds by itself; `help` goes on from "Size of the tree that the target checks". */
export const treeSize = (help: string) =>
  integer({
    default: 16,
    min: 1,
    max: MAX_NODES - 1,
    label: "Draft nodes",
    help: `Size of the tree that the target checks${help}`,
  });

/** Depth of such a tree. */
export const treeDepth = (standard: number, help = "") =>
  integer({
    default: standard,
    min: 1,
    max: 16,
    label: "Depth",
    help: `Most levels of the tree, and the draft model's passes per round.${help}`,
  });
