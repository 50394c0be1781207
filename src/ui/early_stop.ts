/** Says of a moment of a run that it stopped early: what let it, and what that saved. */
import type { RunView } from "../trace/view";
import { earlyStep } from "./early_step";
import { plural } from "./format";
import { gapName, stepNumbers } from "./views/canvas/series";

/** A sentence once all that was left has been committed at once before the last planned step; null otherwise. */
export function earlyStop(shown: RunView): string | null {
  const early = earlyStep(shown);
  if (early === null) return null;
  const planned = shown.canvas!.start.planned!;
  const numbers = stepNumbers(shown).find(({ step }) => step === early);
  if (!numbers?.stop) return null;
  const { gap, bar } = numbers.stop;
  return `Stopped early, in step ${early + 1} of ${planned} planned: the ${gapName(shown)} gap, ${gap.toFixed(2)}, had passed the bar, ${bar.toFixed(2)}, so ${plural(numbers.committed, "position")} left ${numbers.committed === 1 ? "was" : "were"} committed at once.`;
}
