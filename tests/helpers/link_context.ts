/** Schemas and defaults that the frozen links were written against. They stay as they are, as the links do. */
import { choice, integer, integers, number, toggle, type ParamsSchema } from "../../src/base/params";
import type { LinkContext } from "../../src/share/link";

const said = { label: "", help: "" };

export const METHODS: Readonly<Record<string, ParamsSchema>> = {
  plain: {},
  beams: {
    width: integer({ ...said, default: 4, min: 1, max: 16 }),
    depth: integer({ ...said, default: 4, min: 1, max: 8 }),
    draftTemperature: number({ ...said, default: 0, min: 0, max: 2, step: 0.05 }),
  },
  tree: {
    branching: integers({ ...said, default: [2, 2, 1], min: 1, max: 8, maxLength: 7 }),
    order: choice({
      ...said,
      default: "breadth",
      choices: [
        { value: "breadth", label: "" },
        { value: "depth", label: "" },
      ],
    }),
    isShared: toggle({ ...said, default: false }),
  },
};

const SAMPLER = {
  temperature: number({ ...said, default: 0.8, min: 0, max: 2, step: 0.05 }),
  topK: integer({ ...said, default: 0, min: 0, max: 100 }),
  topP: number({ ...said, default: 1, min: 0.05, max: 1, step: 0.01 }),
  minP: number({ ...said, default: 0, min: 0, max: 0.5, step: 0.01 }),
  repetitionPenalty: number({ ...said, default: 1, min: 1, max: 2, step: 0.05 }),
};

export const CONTEXT: LinkContext<typeof SAMPLER> = {
  defaults: { model: "big", draft: "small", method: "beams", prompt: "Once upon a time", views: ["tree"] },
  paramsOf: (method) => (Object.hasOwn(METHODS, method) ? METHODS[method] : undefined),
  sampler: SAMPLER,
  run: {
    seed: integer({ ...said, default: 17, min: 0, max: 999_999 }),
    maxNewTokens: integer({ ...said, default: 64, min: 1, max: 200 }),
  },
  isModel: (id) => ["big", "small", "org/name"].includes(id),
};
