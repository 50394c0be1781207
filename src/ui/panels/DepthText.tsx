/** The text of a run whose tokens have depths of their own: each the darker the more recurrences it had. */
import type { CSSProperties } from "react";
import type { DepthEvent } from "../../trace/depth_events";
import type { IdMap } from "../../trace/persistent";
import type { PromptToken, RunView } from "../../trace/view";
import { goTo } from "../playback";
import { hover, pin, type Selection } from "../stores/layout";
import { tint } from "../views/depth/tint";
import { explains } from "./Explain";

/** How many recurrences tokens had, as far as they are done with. */
export interface Depths {
  readonly of: IdMap<DepthEvent>;
  readonly deepest: number;
  /** Those that occur, least first. */
  readonly known: readonly number[];
}

/** Null for runs of models of one depth, and until a token has its own. */
export function depthsOf(view: RunView): Depths | null {
  const length = view.prompt.length + view.tokens.length;
  const found = new Set<number>();
  for (let position = 0; position < length; position++) {
    const depth = view.depths.get(position)?.depth;
    if (depth !== undefined) found.add(depth);
  }
  const known = [...found].sort((a, b) => a - b);
  return known.length === 0 ? null : { of: view.depths, deepest: known.at(-1)!, known };
}

/** Ground of a token of this depth. */
export const tintStyle = (depth: number, deepest: number): CSSProperties => ({
  "--depth": `${100 * tint(depth, deepest)}%`,
});

/** The latent of a token, where it has run. */
export const latentOf = ({ step, position }: DepthEvent): Selection => ({ kind: "position", step, position });

/** The tokens that make up the prompt's text, without one that only begins it; null if they do not. */
export function promptTokens({ prompt, start }: RunView): readonly PromptToken[] | null {
  for (const tokens of [prompt, prompt.slice(1)])
    if (tokens.map((t) => t.text).join("") === start?.prompt) return tokens;
  return null;
}

/** The prompt token by token, or in one piece. */
export function TintedPrompt({ view, depths }: { readonly view: RunView; readonly depths: Depths }) {
  const tokens = promptTokens(view);
  if (!tokens) return view.start?.prompt;
  return tokens.map(({ position, text }) => {
    const depth = depths.of.get(position);
    if (!depth) return text;
    return (
      <span
        key={position}
        data-depth={depth.depth}
        style={tintStyle(depth.depth, depths.deepest)}
        onPointerEnter={() => hover(latentOf(depth))}
        onPointerLeave={() => hover(null)}
        onClick={() => {
          goTo(depth.step);
          pin(latentOf(depth));
        }}
      >
        {text}
      </span>
    );
  });
}

const HELP =
  "How often the core ran over the token before it was done: the darker, the more often. Point at a token to see its signal after each recurrence.";

/** Most depths that the legend shows one by one. */
const SHOWN = 6;

/** The grounds of depths, in the legend. */
export function DepthKey({ known, deepest }: Depths) {
  const every = Math.ceil(known.length / SHOWN);
  const shown = known.filter((_, i) => i % every === 0 || i === known.length - 1);
  return (
    <li>
      <span {...explains(HELP)}>recurrences</span>
      <span className="depth-key figures">
        {shown.map((depth) => (
          <span key={depth} data-depth={depth} style={tintStyle(depth, deepest)}>
            {depth}
          </span>
        ))}
      </span>
    </li>
  );
}
