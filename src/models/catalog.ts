/** The bundled models: data only, so that the page can show them without loading anything that runs models. */

/** A model that comes with the page. */
export interface CatalogEntry {
  /** Stands in links and names the directory under `models/`; never changes. */
  readonly id: string;
  /** Short name for menus. */
  readonly label: string;
  /** Which positions it sees: earlier ones (`causal`) or all (`masked`). */
  readonly kind: "causal" | "masked";
  /** Recurrences it was trained with on average, if its depth is recurrent. */
  readonly recurrence?: number;
  /** A router of its own lets tokens into recurrences. */
  readonly hasRouter?: true;
  /** One sentence for the menu. */
  readonly description: string;
  /** Numbers in all weights together. */
  readonly parameters: number;
  /** Layers that a row goes through in a forward pass. */
  readonly layers: number;
  /** Bytes of all files together: what is downloaded. */
  readonly sizeBytes: number;
  /** Most tokens of a text, prompt included. */
  readonly contextLength: number;
  /** Models with the same tokenizer id share all tokens, and so can draft for one another. */
  readonly tokenizer: string;
  /** The model that drafts for it, or judges what it denoises, unless another is chosen; null if there is none. */
  readonly draft: string | null;
  /** Ids of the tasks that it was trained to solve; none for models of stories. */
  readonly tasks: readonly string[];
  /** Licence of the weights (SPDX). */
  readonly licence: string;
  /** Path of the model card under the page's base. */
  readonly card: string;
  /** The files there are, with their lengths, so that none is asked for in vain and a cut-off one is noticed. */
  readonly files: readonly { readonly name: string; readonly sizeBytes: number }[];
}

/** The tasks whose answers are lists of a known length, and Latin squares: what a canvas is good for. */
const CANVAS_TASKS = [
  ...["copy", "reverse", "sort", "shuffle", "replace_index", "replace_random"],
  ...["insert_index", "insert_random", "remove_index", "remove_random", "latin"],
];

const ALL_TASKS = [...CANVAS_TASKS, ...["sums", "hops", "words", "countdown", "sudoku", "json"]];

/** What a model of recurrent depth was trained on: tasks that need few or many looks at the prompt. */
const LOOP_TASKS = ["copy", "reverse", "sort", "sums", "hops"];

export const catalog: readonly CatalogEntry[] = [
  {
    id: "story-target",
    label: "Stories, 1.2 M",
    kind: "causal",
    description: "Writes children's stories in simple English; the model that drafts are checked against.",
    parameters: 1_185_152,
    layers: 5,
    sizeBytes: 2_425_143,
    contextLength: 256,
    tokenizer: "stories-2048",
    draft: "story-draft",
    tasks: [],
    licence: "Apache-2.0",
    card: "models/story-target/card.md",
    files: [
      { name: "config.json", sizeBytes: 526 },
      { name: "generation_config.json", sizeBytes: 128 },
      { name: "model.safetensors", sizeBytes: 2_375_288 },
      { name: "tokenizer.json", sizeBytes: 49_201 },
    ],
  },
  {
    id: "story-draft",
    label: "Stories, 0.4 M",
    kind: "causal",
    description: "A third of the size and trained to guess what the larger story model would write next.",
    parameters: 393_696,
    layers: 2,
    sizeBytes: 839_318,
    contextLength: 256,
    tokenizer: "stories-2048",
    draft: null,
    tasks: [],
    licence: "Apache-2.0",
    card: "models/story-draft/card.md",
    files: [
      { name: "config.json", sizeBytes: 525 },
      { name: "generation_config.json", sizeBytes: 128 },
      { name: "model.safetensors", sizeBytes: 789_464 },
      { name: "tokenizer.json", sizeBytes: 49_201 },
    ],
  },
  {
    id: "story-diffusion",
    label: "Stories by denoising, 1.2 M",
    kind: "masked",
    description:
      "Fills the masked positions of a story in any order; sees what stands before and after them.",
    parameters: 1_185_152,
    layers: 5,
    sizeBytes: 2_425_076,
    contextLength: 256,
    tokenizer: "stories-2048",
    draft: "story-target",
    tasks: [],
    licence: "Apache-2.0",
    card: "models/story-diffusion/card.md",
    files: [
      { name: "config.json", sizeBytes: 587 },
      { name: "model.safetensors", sizeBytes: 2_375_288 },
      { name: "tokenizer.json", sizeBytes: 49_201 },
    ],
  },
  {
    id: "task-target",
    label: "Tasks, 0.8 M",
    kind: "causal",
    description:
      "Solves small tasks whose answers can be checked: lists, sums, word problems, CountDown, squares, records.",
    parameters: 818_304,
    layers: 4,
    sizeBytes: 1_648_330,
    contextLength: 64,
    tokenizer: "tasks-108",
    draft: null,
    tasks: ALL_TASKS,
    licence: "Apache-2.0",
    card: "models/task-target/card.md",
    files: [
      { name: "config.json", sizeBytes: 524 },
      { name: "generation_config.json", sizeBytes: 91 },
      { name: "model.safetensors", sizeBytes: 1_640_616 },
      { name: "tokenizer.json", sizeBytes: 7_099 },
    ],
  },
  {
    id: "task-diffusion",
    label: "Tasks by denoising, 0.3 M",
    kind: "masked",
    description:
      "Fills in the answers of list tasks and Latin squares; rows of the prompt see only the prompt.",
    parameters: 343_200,
    layers: 3,
    sizeBytes: 697_077,
    contextLength: 40,
    tokenizer: "tasks-108",
    draft: "task-target",
    tasks: CANVAS_TASKS,
    licence: "Apache-2.0",
    card: "models/task-diffusion/card.md",
    files: [
      { name: "config.json", sizeBytes: 586 },
      { name: "model.safetensors", sizeBytes: 689_392 },
      { name: "tokenizer.json", sizeBytes: 7_099 },
    ],
  },
  {
    id: "task-diffusion-full",
    label: "Tasks, prompt sees canvas, 0.3 M",
    kind: "masked",
    description:
      "The twin of task-diffusion whose prompt rows see the canvas too: what a stored prompt can cost.",
    parameters: 343_200,
    layers: 3,
    sizeBytes: 697_075,
    contextLength: 40,
    tokenizer: "tasks-108",
    draft: "task-target",
    tasks: CANVAS_TASKS,
    licence: "Apache-2.0",
    card: "models/task-diffusion-full/card.md",
    files: [
      { name: "config.json", sizeBytes: 584 },
      { name: "model.safetensors", sizeBytes: 689_392 },
      { name: "tokenizer.json", sizeBytes: 7_099 },
    ],
  },
  {
    id: "story-loop",
    label: "Stories by recurrence, 1.1 M",
    kind: "causal",
    recurrence: 6,
    description:
      "Writes stories with four layers, two of which run again and again: as often as each token needs.",
    parameters: 1_100_928,
    layers: 14,
    sizeBytes: 2_256_047,
    contextLength: 256,
    tokenizer: "stories-2048",
    draft: null,
    tasks: [],
    licence: "Apache-2.0",
    card: "models/story-loop/card.md",
    files: [
      { name: "config.json", sizeBytes: 814 },
      { name: "generation_config.json", sizeBytes: 128 },
      { name: "model.safetensors", sizeBytes: 2_205_904 },
      { name: "tokenizer.json", sizeBytes: 49_201 },
    ],
  },
  {
    id: "story-mor",
    label: "Stories by mixed recursions, 1.0 M",
    kind: "causal",
    recurrence: 3,
    hasRouter: true,
    description:
      "Writes stories with four layers; a router lets each token pass the two in the middle once, twice or three times.",
    parameters: 1_000_960,
    layers: 8,
    sizeBytes: 2_056_210,
    contextLength: 256,
    tokenizer: "stories-2048",
    draft: null,
    tasks: [],
    licence: "Apache-2.0",
    card: "models/story-mor/card.md",
    files: [
      { name: "config.json", sizeBytes: 849 },
      { name: "generation_config.json", sizeBytes: 128 },
      { name: "model.safetensors", sizeBytes: 2_006_032 },
      { name: "tokenizer.json", sizeBytes: 49_201 },
    ],
  },
  {
    id: "story-mor-token",
    label: "Stories, depth by token, 1.0 M",
    kind: "causal",
    recurrence: 3,
    hasRouter: true,
    description:
      "As the mixture of recursions, but each token chooses at the start how often it passes the two layers in the middle.",
    parameters: 1_000_963,
    layers: 8,
    sizeBytes: 2_056_220,
    contextLength: 256,
    tokenizer: "stories-2048",
    draft: null,
    tasks: [],
    licence: "Apache-2.0",
    card: "models/story-mor-token/card.md",
    files: [
      { name: "config.json", sizeBytes: 773 },
      { name: "generation_config.json", sizeBytes: 128 },
      { name: "model.safetensors", sizeBytes: 2_006_118 },
      { name: "tokenizer.json", sizeBytes: 49_201 },
    ],
  },
  {
    id: "task-loop",
    label: "Tasks by recurrence, 0.4 M",
    kind: "causal",
    recurrence: 6,
    description:
      "Copies, reverses and sorts, adds up and follows lookups of up to four hops, by repeating one layer: longer lookups take more of it.",
    parameters: 362_784,
    layers: 8,
    sizeBytes: 736_616,
    contextLength: 64,
    tokenizer: "tasks-108",
    draft: null,
    tasks: LOOP_TASKS,
    licence: "Apache-2.0",
    card: "models/task-loop/card.md",
    files: [
      { name: "config.json", sizeBytes: 826 },
      { name: "generation_config.json", sizeBytes: 91 },
      { name: "model.safetensors", sizeBytes: 728_600 },
      { name: "tokenizer.json", sizeBytes: 7_099 },
    ],
  },
];

/** The entry with that id, or undefined. */
export function findModel(id: string): CatalogEntry | undefined {
  return catalog.find((entry) => entry.id === id);
}

/** Whether underscores in a prompt leave gaps to fill in: for models of tasks they are a sign like others. */
export const readsGaps = (id: string): boolean => (findModel(id)?.tasks ?? []).length === 0;
