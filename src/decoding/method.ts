/** How a decoding method is declared: one file, one `defineMethod`, one line in index.ts. */
import type { ParamsOf, ParamsSchema } from "../base/params";
import type { MethodEvent, SamplerSettings, TokenLogprob } from "../trace/events";
import type { CanvasContext } from "./canvas/denoise";
import type { Canvas } from "./canvas/canvas";
import type { Parts } from "./canvas/parts";
import type { DepthNeeds } from "./depth/method";
import type { RecurrenceFacts } from "../models/model";
import type { Session } from "./session";

/** Decides after every token which may come next, as a schema does that a text is held to. */
export interface TokenFilter {
  /** Said in the trace. */
  readonly label: string;
  /** u32 [ceil(V / 32)], one bit for each token that may follow. */
  allowed(): Uint32Array<ArrayBuffer>;
  push(token: number): void;
  /** The text may end here. */
  readonly isWhole: boolean;
  /** It must, and no end token is needed to say so. */
  readonly isOver: boolean;
}

/** Is told, after every token, what the model itself made of it: its own law, before sampling settings. */
export interface LawListener {
  /** Most probable tokens wanted, at most 64; may be 0. */
  readonly count: number;
  hear(token: number, logprob: number, top: readonly TokenLogprob[]): void;
}

export interface MethodContext<S extends ParamsSchema> {
  readonly session: Session;
  readonly params: ParamsOf<S>;
  readonly sampler: SamplerSettings;
  readonly promptTokens: readonly number[];
  readonly maxNewTokens: number;
  /** "full" adds candidates (top-10 lists) for the inspector; "light" reads back, in the same one readback, a round's tree and what was decided of it. */
  readonly detail: "light" | "full";
  /** Null, or heeded by the method that draws one token a round; others are not run with one. */
  readonly filter?: TokenFilter | null;
  readonly laws?: LawListener | null;
}

export interface Source {
  readonly title: string;
  readonly authors: string;
  readonly year: number;
  readonly url: string;
  /** Section, algorithm or equation that the code follows. */
  readonly where: string;
}

/** Settings under which a method shows its point: the gallery records a run with them and opens it. The rest are defaults. */
export interface Showcase<S extends ParamsSchema = ParamsSchema> {
  /** What to look at, in one sentence. */
  readonly watch: string;
  readonly params?: Partial<ParamsOf<S>>;
  /** Id of a model the method can run on; without it the first there is. */
  readonly model?: string;
  readonly prompt?: string;
  readonly temperature?: number;
  readonly seed?: number;
  readonly maxNewTokens?: number;
}

export interface MethodDefinition<S extends ParamsSchema = ParamsSchema> {
  /** Stands in links and files; never changes. */
  readonly id: string;
  readonly label: string;
  /** One sentence for the menu and the gallery. */
  readonly summary: string;
  readonly source: Source;
  /** What must be loaded. */
  readonly requires: "causal" | "causal+draft" | "masked" | "masked+guider" | "recurrent" | "routed";
  /** Whether the text has the target's own law at every temperature. */
  readonly lossless: boolean;
  readonly params: S;
  /** Names of drawings in ui/views that show it, best first. */
  readonly views: readonly string[];
  /** Without it the gallery shows the method at its defaults. */
  readonly showcase?: Showcase<S>;
  /** Most nodes of the largest tree the method would build with these params, the anchor included; 1 without trees. */
  treeNodes(params: ParamsOf<S>): number;
  /** Recurrences of a recurrent model as the target and as its own draft; left out by methods of other models. */
  depths?(params: ParamsOf<S>, facts: RecurrenceFacts): { readonly target: number; readonly draft: number };
  /** Memory of a run that decides depth token by token; left out by methods of texts and canvases. */
  needs?(params: ParamsOf<S>, facts: RecurrenceFacts): DepthNeeds;
  /** Yields events; ends when the text ends. Must not keep anything after it returned or was returned from. */
  decode(context: MethodContext<S>): AsyncGenerator<MethodEvent, void, void>;
}

/** A method as the registry holds it: parameters erased, to be read with {@link readParams} first. */
export type Method = Omit<MethodDefinition, "treeNodes" | "depths" | "needs" | "decode"> & {
  // The erased signatures accept what readParams returned for this very schema, which the type cannot say.
  treeNodes(params: never): number;
  depths?(params: never, facts: RecurrenceFacts): { readonly target: number; readonly draft: number };
  needs?(params: never, facts: RecurrenceFacts): DepthNeeds;
  decode(context: never): AsyncGenerator<MethodEvent, void, void>;
};

/** How a denoising method is declared: it names its parts, see canvas/parts.ts. The loop over them is fetched with the first run. */
export interface CanvasMethodDefinition<S extends ParamsSchema = ParamsSchema> extends Omit<
  MethodDefinition<S>,
  "requires" | "treeNodes" | "depths" | "needs" | "decode"
> {
  readonly requires: "masked" | "masked+guider";
  /** The parts of one run. */
  readonly parts: (context: CanvasMethodContext<S>, canvas: Canvas) => Parts;
}
export interface CanvasMethodContext<S extends ParamsSchema> extends CanvasContext {
  readonly params: ParamsOf<S>;
}

export const defineCanvasMethod = <const S extends ParamsSchema>({
  parts,
  ...m
}: CanvasMethodDefinition<S>): Method => ({
  ...m,
  treeNodes: () => 1,
  async *decode(context: CanvasMethodContext<S>) {
    const { denoise } = await import("./canvas/denoise");
    yield* denoise(context, (canvas) => parts(context, canvas));
  },
});

export const defineMethod = <const S extends ParamsSchema>(m: MethodDefinition<S>): MethodDefinition<S> => m;
