/** What a run makes of its settings before the first step: tokens it never proposes, and settings that do nothing. */
import { DecoscopeError } from "../../base/errors";
import type { SamplerSettings } from "../../trace/events";
import type { Parts } from "./parts";
import type { CanvasFacts } from "./session";

/** Banned tokens a pass has room for. */
const MAX_BANNED = 4;

/** Tokens never proposed. @throws DecoscopeError "method" if there are too many of them */
export function bannedBy(ending: Parts["ending"], { id, maskToken, endTokens }: CanvasFacts): number[] {
  const banned = ending === "ban" ? [maskToken, ...endTokens] : [maskToken];
  if (banned.length > MAX_BANNED)
    throw new DecoscopeError(
      "method",
      `Expected a model with at most ${MAX_BANNED - 1} end tokens where none may be proposed, found ${endTokens.length} of ${id}. Let the text end as proposed, or last.`,
    );
  return banned;
}

/** What is set and has no meaning here, one sentence a kind; empty if all are left alone. */
export function unusedSettings(
  { topK, topP, minP, repetitionPenalty }: SamplerSettings,
  { ending, commit, unused }: Parts,
): string[] {
  const sampling = [
    topK !== 0 && "top-k",
    topP !== 1 && "top-p",
    minP !== 0 && "min-p",
    repetitionPenalty !== 1 && "the repetition penalty",
  ].filter((name) => name !== false);
  return [
    ...(sampling.length > 0
      ? [`Denoising draws from the whole law: ${sampling.join(", ")} had no effect.`]
      : []),
    ...(commit.ahead && ending === "delay"
      ? [
          "The order was drawn before anything was proposed: ends of text could not be put last. Choose another order, or let none be proposed.",
        ]
      : []),
    ...(unused ?? []),
  ];
}
