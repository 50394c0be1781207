/** The picture of a card, drawn from the folded recording by the same code that draws the stage. */
import type { RunView } from "../../trace/view";
import { roundOf } from "../../trace/view";
import { liveliestStep } from "../playback";
import { SIGN_COLOUR } from "../views/glyphs";
import { describeRound, Stamp } from "../views/thumbnail";
import type { Size } from "../views/view";

/** Moments of a canvas that are shown side by side. */
const MOMENTS = 3;
const GAP = 14;
const CAPTION = 16;

const frame = (size: Size, label: string) => ({
  xmlns: "http://www.w3.org/2000/svg",
  width: "100%",
  viewBox: `0 0 ${size.width} ${size.height}`,
  role: "img",
  "aria-label": label,
  fontFamily: "var(--sans)",
});

/** Steps of a run spread evenly over what it filled in, the last one included. */
function momentsOf(view: RunView): readonly number[] {
  const last = view.rounds.length - 1;
  const even = Array.from({ length: MOMENTS }, (_, i) => Math.round((last * (i + 1)) / MOMENTS));
  return [...new Set([0, ...even.slice(0, -1), last])].filter((s) => s >= 0).slice(-MOMENTS);
}

function CanvasPicture({ view, size }: { readonly view: RunView; readonly size: Size }) {
  const steps = momentsOf(view);
  const width = (size.width - GAP * (steps.length - 1)) / steps.length;
  return (
    <svg {...frame(size, `The canvas after ${steps.map((s) => `step ${s + 1}`).join(", ")}`)}>
      {steps.map((step, i) => {
        const round = roundOf(view, step);
        return (
          <g key={step} transform={`translate(${i * (width + GAP)},0)`}>
            {round && <Stamp round={round} width={width} height={size.height - CAPTION} />}
            <text y={size.height - 3} fontSize={11} fill="var(--ink-soft)">
              step {step + 1}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

/** A run without trees: one bar a token, as high as the model found it likely. */
function TokenPicture({ view, size }: { readonly view: RunView; readonly size: Size }) {
  const tokens = view.tokens.toArray();
  const pitch = size.width / Math.max(1, tokens.length);
  const height = size.height - CAPTION - 4;
  return (
    <svg {...frame(size, `Probabilities of the ${tokens.length} tokens`)}>
      {tokens.map((t, i) => {
        const h = Math.max(1, (t.logprob === null ? 0 : Math.exp(t.logprob)) * height);
        return (
          <rect
            key={t.position}
            x={i * pitch + 1}
            y={height - h}
            width={Math.max(1, pitch - 3)}
            height={h}
            fill={SIGN_COLOUR[t.origin]}
          />
        );
      })}
      <path d={`M0,${height + 0.5}H${size.width}`} stroke="var(--rule-strong)" />
      <text y={size.height - 3} fontSize={11} fill="var(--ink-soft)">
        probability of each token, one step each
      </text>
    </svg>
  );
}

function TreePicture({ view, size }: { readonly view: RunView; readonly size: Size }) {
  const step = liveliestStep(view);
  const round = roundOf(view, step);
  return (
    <svg {...frame(size, round ? describeRound(round) : "A draft tree")}>
      {round && <Stamp round={round} width={size.width} height={size.height - CAPTION} />}
      <text y={size.height - 3} fontSize={11} fill="var(--ink-soft)">
        {round ? describeRound(round).replace("Step", "step") : ""}
      </text>
    </svg>
  );
}

export function CardPicture({ view, size }: { readonly view: RunView; readonly size: Size }) {
  if (view.canvas) return <CanvasPicture view={view} size={size} />;
  const hasTrees = view.rounds.toArray().some((r) => r.nodes.length > 1);
  return hasTrees ? <TreePicture view={view} size={size} /> : <TokenPicture view={view} size={size} />;
}
