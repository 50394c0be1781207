/** Figures of the story models on stories that were never trained on: bits per byte, drafting, the denoising bound. */
import { randomU32, toUniform } from "../../src/base/rng";
import { fixedDepth } from "../../src/decoding/depth/params";
import { morPolicy } from "../../src/decoding/depth/run_mor";
import type { RowOutcome } from "../../src/decoding/depth/session";
import { promptLogits } from "../../src/runtime/logits";
import type { EngineHost, HostedModel } from "../../src/worker/host";
import { lossOf } from "../recursion/loss";
import { rounded, share, type Figure } from "./figures";

/** Held-out text as tokens, cut into windows as long as the models' context; each target is the token after its input. */
export interface HeldOut {
  readonly windows: readonly { readonly inputs: readonly number[]; readonly targets: readonly number[] }[];
  readonly bytesPerToken: number;
}

/** Stories are joined by the token that ends one, which counts one byte (training/data.py does the same). */
export function cutWindows(stories: readonly string[], model: HostedModel, limit: number): HeldOut {
  const [end = 0] = model.gpu.facts.endTokens;
  const tokens = stories.flatMap((story) => [...model.tokenizer.encode(story), end]);
  const bytes = stories.reduce((sum, story) => sum + new TextEncoder().encode(story).length + 1, 0);
  const length = model.gpu.maxContext;
  const count = Math.min(limit, Math.floor((tokens.length - 1) / length));
  const windows = Array.from({ length: count }, (_, i) => ({
    inputs: tokens.slice(i * length, (i + 1) * length),
    targets: tokens.slice(i * length + 1, (i + 1) * length + 1),
  }));
  return { windows, bytesPerToken: bytes / tokens.length };
}

/** log2 of the softmax of each row: the law in bits. Rows of V logits. */
export function logLaw(logits: Float32Array, row: number, size: number): Float64Array {
  const law = Float64Array.from(logits.subarray(row * size, (row + 1) * size));
  const largest = law.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (const x of law) sum += Math.exp(x - largest);
  const shift = largest + Math.log(sum);
  return law.map((x) => (x - shift) / Math.LN2);
}

const argmax = (law: Float64Array): number =>
  law.reduce((best, x, i) => (x > (law[best] as number) ? i : best), 0);

export const logitsOf = (
  host: EngineHost,
  model: HostedModel,
  tokens: readonly number[],
): Promise<Float32Array> => promptLogits(host.engine, host.tuning, model.gpu, tokens);

/** Bits per byte of a causal model; with a target also how often it agrees with it, and how much their laws overlap. */
export async function causalFigures(
  host: EngineHost,
  model: HostedModel,
  { windows, bytesPerToken }: HeldOut,
  target: HostedModel | null,
): Promise<Figure[]> {
  const size = model.gpu.facts.vocabSize;
  let [bits, same, overlap, count] = [0, 0, 0, 0];
  for (const { inputs, targets } of windows) {
    const own = await logitsOf(host, model, inputs);
    const theirs = target ? await logitsOf(host, target, inputs) : null;
    for (const [row, next] of targets.entries()) {
      const law = logLaw(own, row, size);
      bits -= law[next] as number;
      count++;
      if (!theirs) continue;
      const other = logLaw(theirs, row, size);
      if (argmax(law) === argmax(other)) same++;
      for (let x = 0; x < size; x++) overlap += 2 ** Math.min(law[x] as number, other[x] as number);
    }
  }
  const counted = { count, of: "tokens of held-out stories" };
  const figures: Figure[] = [
    {
      id: "bits_per_byte",
      label: "bits per byte",
      value: rounded(bits / count / bytesPerToken),
      unit: "bits/byte",
      ...counted,
    },
  ];
  if (target)
    figures.push(
      {
        id: "greedy_agreement",
        label: `positions where its most likely token is that of ${target.id}`,
        value: rounded(same / count),
        unit: "share",
        ...counted,
      },
      {
        id: "acceptance",
        label: "chance that a drafted token is accepted at temperature 1: mean of the sum of min(p, q)",
        value: rounded(overlap / count),
        unit: "share",
        ...counted,
      },
    );
  return figures;
}

/** The loss that a policy leads to, as a figure, and what became of each token. */
async function lossFigure(
  host: EngineHost,
  model: HostedModel,
  heldOut: HeldOut,
  named: Pick<Figure, "id" | "label">,
  how: Parameters<typeof lossOf>[3],
): Promise<{ readonly figure: Figure; readonly outcomes: readonly RowOutcome[] }> {
  const { bitsPerByte, outcomes } = await lossOf(host, model, heldOut, how);
  const counted = { count: outcomes.length, of: "tokens of held-out stories" };
  return { figure: { ...named, value: rounded(bitsPerByte), unit: "bits/byte", ...counted }, outcomes };
}

/** How often two ways to route agree on whether a token goes on, over recursions 2 to `most`. */
export function routingAgreement(
  one: readonly RowOutcome[],
  other: readonly RowOutcome[],
  most: number,
): { readonly agreed: number; readonly count: number } {
  let agreed = 0;
  for (let recursion = 2; recursion <= most; recursion++)
    agreed += one.filter(({ depth }, i) => depth >= recursion === other[i]!.depth >= recursion).length;
  return { agreed, count: (most - 1) * one.length };
}

/** How often the latent moves less, relative to its length, in a recurrence than in the one before. */
export function contractions(outcomes: readonly RowOutcome[]): {
  readonly smaller: number;
  readonly count: number;
} {
  const pairs = outcomes.flatMap(({ signals }) =>
    signals.slice(1).map(({ relChange }, i) => relChange < signals[i]!.relChange),
  );
  return { smaller: pairs.filter(Boolean).length, count: pairs.length };
}

/** Bits per byte of a mixture of recursions, each token as deep as its router says, and at the same depth for all. */
export async function routedFigures(
  host: EngineHost,
  model: HostedModel,
  heldOut: HeldOut,
): Promise<Figure[]> {
  const recurrence = model.gpu.recurrence!;
  const asked = { routing: "threshold", threshold: 0.5, forceDepth: 0, cache: "per-recurrence" } as const;
  const readings: readonly (readonly [id: string, label: string, params: Parameters<typeof morPolicy>[0]])[] =
    [
      ...(recurrence.router?.choice === "token"
        ? ([["choice", "each token's own choice", asked]] as const)
        : ([
            ["threshold", "its router at 0.5", asked],
            ["topk", "the best of each text (looks ahead)", { ...asked, routing: "topk-text" }],
          ] as const)),
      ...Array.from(
        { length: recurrence.trainedRecurrence },
        (_, i) => [`depth_${i + 1}`, `depth ${i + 1} for all`, { ...asked, forceDepth: i + 1 }] as const,
      ),
    ];
  const figures: Figure[] = [];
  const outcomesBy = new Map<string, readonly RowOutcome[]>();
  for (const [id, label, params] of readings) {
    const named = { id: `bits_per_byte_${id}`, label: `bits per byte, ${label}` };
    const policy = morPolicy(params, recurrence);
    const how = { policy, cache: asked.cache, origin: "embedding", readsEach: false } as const;
    const { figure, outcomes } = await lossFigure(host, model, heldOut, named, how);
    figures.push(figure);
    outcomesBy.set(id, outcomes);
  }
  const [threshold, topk] = [outcomesBy.get("threshold"), outcomesBy.get("topk")];
  if (threshold && topk) {
    const { agreed, count } = routingAgreement(threshold, topk, recurrence.trainedRecurrence);
    figures.push({
      id: "routing_agreement",
      label: "its router at 0.5 lets a token on where the best of each text do, and stops it where they do",
      value: share(agreed, count),
      unit: "share",
      ...{ count, of: "decisions from the second recursion on" },
    });
  }
  return figures;
}

/** Bits per byte of a model of recurrent depth after so many recurrences of every token. */
export async function recurrentFigures(
  host: EngineHost,
  model: HostedModel,
  heldOut: HeldOut,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  let last: readonly RowOutcome[] = [];
  for (let depth = 1; depth <= model.gpu.recurrence!.trainedRecurrence; depth++) {
    const named = {
      id: `bits_per_byte_${depth}`,
      label: `bits per byte, ${depth} recurrence${depth === 1 ? "" : "s"}`,
    };
    const how = { policy: fixedDepth(depth), cache: "latest", origin: "random", readsEach: false } as const;
    const curve = { label: "bits per byte", recurrences: depth };
    const { figure, outcomes } = await lossFigure(host, model, heldOut, named, how);
    figures.push({ ...figure, curve });
    last = outcomes;
  }
  const { smaller, count } = contractions(last);
  const label = "the latent moves less, relative to its length, than in the recurrence before";
  const of = "recurrences from the second on";
  return [...figures, { id: "contraction", label, value: share(smaller, count), unit: "share", count, of }];
}

/** Random numbers of the masks; no other use has this purpose in this seed. */
const MASK_SEED = 5;

/** `count` different positions below `length`, by random ranks. */
function positionsHidden(window: number, count: number, length: number): number[] {
  const rank = (node: number): number =>
    randomU32({ seed: MASK_SEED, step: window, purpose: 17, node, sibling: 0, index: 0 });
  return Array.from({ length }, (_, node) => node)
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, count);
}

/**
 * The bound on bits per byte: k of T tokens hidden, k uniform, T / k times their log probability.
 * @see Nie and others 2025, Large Language Diffusion Models, eq. 14
 */
export async function boundFigures(
  host: EngineHost,
  model: HostedModel,
  { windows, bytesPerToken }: HeldOut,
  draws: number,
): Promise<Figure[]> {
  const size = model.gpu.facts.vocabSize;
  const mask = model.gpu.masked?.maskToken ?? undefined;
  if (mask === undefined) throw new Error(`${model.id} fills no masks`);
  let [bits, count] = [0, 0];
  for (let draw = 0; draw < draws; draw++)
    for (const [w, { inputs }] of windows.entries()) {
      const length = inputs.length;
      // One uniform number for all windows, shifted evenly: each part of the range of k is looked at equally often.
      const shift = toUniform(
        randomU32({ seed: MASK_SEED, step: draw, purpose: 18, node: 0, sibling: 0, index: 0 }),
      );
      const hidden = 1 + Math.floor((((w + shift) / windows.length) % 1) * length);
      const places = positionsHidden(draw * windows.length + w, hidden, length);
      const noisy = [...inputs];
      for (const place of places) noisy[place] = mask;
      const logits = await logitsOf(host, model, noisy);
      let sum = 0;
      for (const place of places) sum -= logLaw(logits, place, size)[inputs[place] as number] as number;
      bits += (sum * length) / hidden;
      count += length;
    }
  return [
    {
      id: "bits_per_byte_bound",
      label: "upper bound on bits per byte (negative ELBO)",
      value: rounded(bits / count / bytesPerToken),
      unit: "bits/byte",
      count,
      of: "tokens of held-out stories, some of them hidden",
    },
  ];
}
