/** Gaps of a prompt for models that fill masks: what they are, how many positions each has. */
import { integer } from "../../base/params";
import { blanksOf, withBlanks } from "../../decoding/canvas/blanks";
import { readsGaps } from "../../models/catalog";
import { NumberField } from "../form/fields";
import { listed, plural } from "../format";
import { setPrompt, useSettings } from "../stores/settings";

const perBlank = integer({
  default: 4,
  min: 1,
  max: 24,
  label: "Positions a blank",
  help: "Sets every blank of the prompt to so many tokens. Write more or fewer underscores to change one alone.",
});

/** Shown under the prompt. */
export function Blanks() {
  const prompt = useSettings((s) => s.prompt);
  const isRead = useSettings((s) => readsGaps(s.model));
  const blanks = blanksOf(prompt);
  if (!isRead) return null;
  if (blanks.length === 0)
    return (
      <p className="help">
        To have gaps filled in, write underscores, one for each token: <q>Once ____ a time</q> leaves four
        positions open. \_ is an underscore.
      </p>
    );
  const open = blanks.reduce((sum, n) => sum + n, 0);
  return (
    <div data-testid="blanks">
      <p className="help">
        {plural(blanks.length, "blank")} with {listed(blanks.map(String))}{" "}
        {open === 1 ? "position" : "positions"} to fill in. New tokens counts from the first blank on, given
        text included; what is left of it goes on behind the text.
      </p>
      <NumberField
        option={perBlank}
        value={blanks[0]!}
        onChange={(value) => setPrompt(withBlanks(prompt, Number(value)))}
      />
    </div>
  );
}
