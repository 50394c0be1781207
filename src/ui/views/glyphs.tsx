/** Signs for verdicts and origins: each colour has a shape and a line of its own. */
import type { NodeView, RoundView, TextOrigin } from "../../trace/view";

export type Sign = NodeView["state"] | TextOrigin | "candidate" | "prompt";

export const SIGN_COLOUR: Readonly<Record<Sign, string>> = {
  anchor: "var(--ink)",
  prompt: "var(--idle)",
  given: "var(--ink-soft)",
  forced: "var(--ink)",
  drafted: "var(--ink-soft)",
  accepted: "var(--accepted)",
  rejected: "var(--rejected)",
  not_reached: "var(--idle)",
  candidate: "var(--idle)",
  target: "var(--target)",
  residual: "var(--residual)",
  bonus: "var(--bonus)",
};

/** Names of signs in legends and for screen readers. */
export const SIGN_NAME: Readonly<Record<Sign, string>> = {
  anchor: "last committed token",
  prompt: "prompt",
  given: "taken over from the run before",
  forced: "forced by you",
  drafted: "drafted, not judged yet",
  accepted: "accepted draft",
  rejected: "rejected",
  not_reached: "not reached",
  candidate: "candidate, not drawn",
  target: "committed by the target",
  residual: "resampled after rejection",
  bonus: "bonus from the target",
};

/** What the signs tell. */
export const SIGN_HELP: Readonly<Record<Sign, string>> = {
  anchor: "The last token of the text when the round began: drafts hang on it.",
  prompt: "What the run began with.",
  given: "Tokens that another run had committed before this branch left it.",
  forced: "A token that you put here.",
  drafted: "A draft that the target has not read yet.",
  accepted: "Drafted ahead and kept by the target: it came without a pass of its own.",
  rejected: "Drafted ahead and refused by the target\u2019s test; what hangs on it is never tested.",
  not_reached: "Drafted ahead and never tested, because the path to it was refused or a sibling was kept.",
  candidate: "A token the draft model could have drawn here and did not.",
  target: "Chosen by the target itself, one pass for one token.",
  residual:
    "Drawn from what the refused drafts left of the target\u2019s law, so that the text keeps that law exactly.",
  bonus: "After a path that was accepted to its end the same pass tells one token more.",
};

/** Name and help of a sign in a run, told by one of its rounds: where tokens have depths of their own, no target checks them. */
export const signWords = (
  sign: Sign,
  round: RoundView | undefined,
): { readonly name: string; readonly help: string } =>
  sign === "target" && round?.recursion
    ? {
        name: "committed by the model",
        help: "Said at the depth where the latent before it stopped or was frozen; no pass at full depth checked it.",
      }
    : { name: SIGN_NAME[sign], help: SIGN_HELP[sign] };

/** A sign of radius `r` around the origin. */
export function Glyph({ sign, r }: { readonly sign: Sign; readonly r: number }) {
  const colour = SIGN_COLOUR[sign];
  switch (sign) {
    case "rejected": {
      const c = r * 0.45;
      return (
        <>
          <circle r={r - 0.5} fill="var(--sheet)" stroke={colour} strokeWidth={1.8} />
          <path
            d={`M${-c},${-c}L${c},${c}M${c},${-c}L${-c},${c}`}
            stroke={colour}
            strokeWidth={1.8}
            strokeLinecap="round"
          />
        </>
      );
    }
    case "drafted":
      return <circle r={r - 0.8} fill="var(--sheet)" stroke={colour} strokeWidth={1.6} />;
    case "not_reached":
    case "candidate":
      return (
        <circle r={r - 1.2} fill="var(--sheet)" stroke={colour} strokeWidth={1.4} strokeDasharray="2.4 2.2" />
      );
    case "residual":
      return <path d={`M0,${-r * 1.25}L${r * 1.25},0L0,${r * 1.25}L${-r * 1.25},0Z`} fill={colour} />;
    case "bonus":
      return <path d={`M${-r},${-r * 1.15}L${r * 1.3},0L${-r},${r * 1.15}Z`} fill={colour} />;
    case "forced":
      return <path d={`M${-r * 1.15},${-r}H${r * 1.15}L0,${r * 1.2}Z`} fill={colour} />;
    case "target":
      return <rect x={-r * 0.9} y={-r * 0.9} width={r * 1.8} height={r * 1.8} fill={colour} />;
    default:
      return <circle r={r} fill={colour} />;
  }
}
