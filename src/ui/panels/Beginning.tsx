/** What the next run begins with beside its prompt, if anything: the tokens of a branch. */
import { plural } from "../format";
import { dropBegin, useSettings } from "../stores/settings";

export function Beginning() {
  const begin = useSettings((s) => s.begin);
  if (!begin) return null;
  const open = begin.tokens.filter((token) => token === null).length;
  return (
    <div className="beginning" data-testid="beginning">
      <p className="help">
        Then {plural(begin.tokens.length - open, "given token")}
        {begin.forced.length > 0 ? `, ${begin.forced.length} of them forced` : ""}
        {open > 0 ? `, and ${plural(open, "position")} to fill in among them` : ""}: the run is a branch.
        {open > 0 && " It is a new run: its steps, bars and caches begin again, and given tokens stay."}
      </p>
      <button type="button" onClick={dropBegin}>
        Begin from the prompt
      </button>
    </div>
  );
}
