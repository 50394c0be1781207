/** Drafts what followed the last tokens where they stood earlier in the text. */
import { choice, integer } from "../base/params";
import { chosenDrafter, SAMPLE_AND_MATCH } from "./draft_tree";
import { defineMethod } from "./method";
import { speculate } from "./speculation";

const params = {
  longest: integer({
    default: 3,
    min: 1,
    max: 8,
    label: "Longest n-gram",
    help: "Most tokens of the end of the text that are looked for. Longer ones are tried first, down to a single token.",
  }),
  draftLength: integer({
    default: 10,
    min: 1,
    max: 32,
    label: "Draft length",
    help: "Tokens copied from after the place that was found.",
  }),
  occurrence: choice({
    default: "earliest",
    choices: [
      { value: "earliest", label: "Earliest" },
      { value: "latest", label: "Latest" },
    ],
    label: "Occurrence",
    help: "Which of several places is copied from: as published the first with a whole draft after it, or the last one, whatever follows (our addition, exact as well).",
  }),
};

export const promptLookup = defineMethod({
  id: "prompt-lookup",
  label: "Prompt lookup",
  summary:
    "No draft model: if the last tokens stood in the text before, what followed them there is the draft.",
  source: {
    title: "Prompt Lookup Decoding",
    authors: "A. Saxena",
    year: 2023,
    url: "https://github.com/apoorvumang/prompt-lookup-decoding",
    where: "find_candidate_pred_tokens",
  },
  requires: "causal",
  lossless: true,
  params,
  views: ["tree", "tokens", "state"],
  showcase: {
    watch:
      "The answer is the list without its sixth letter: each copy runs until the text departs from the prompt, and the next one starts behind that place.",
    model: "task-target",
    prompt: "remove-at:#6,tpodnsmqiruy=",
    temperature: 0,
    maxNewTokens: 16,
  },
  treeNodes: ({ draftLength }) => draftLength + 1,
  async *decode(context) {
    const { longest, draftLength, occurrence } = context.params;
    const levels = Array.from({ length: draftLength }, () => 1);
    const which = occurrence === "latest" ? "latest" : "earliest";
    const drafter = chosenDrafter(levels, () => ({ choice: { kind: "lookup", longest, which } }));
    yield* speculate(context, drafter, SAMPLE_AND_MATCH);
  },
});
