/** The most probable next tokens of both models at one place, side by side. */
import { max } from "d3-array";
import { candidatesOf } from "../../trace/view";
import { isWhitespace, probability, quoted, visiblePiece } from "../format";
import type { Inspected } from "../inspect";
import { SIGN_NAME, signWords } from "../views/glyphs";

const value = (p: number | null): string => (p === null ? "\u2013" : probability(p));

function titleOf({ node, extra, candidate, piece, round }: Inspected): { title: string; what: string } {
  if (extra)
    return { title: quoted(piece), what: `${signWords(extra.origin, round).name}, step ${round.step + 1}` };
  if (node && node.parent >= 0)
    return {
      title: quoted(piece),
      what: `depth ${node.depth}, ${SIGN_NAME[node.state]}, step ${round.step + 1}`,
    };
  if (candidate) return { title: quoted(piece), what: `${SIGN_NAME.candidate}, step ${round.step + 1}` };
  return { title: quoted(piece), what: `${SIGN_NAME.anchor}, step ${round.step + 1}` };
}

/** What was chosen, and what it is. */
export function ChosenToken({ inspected }: { readonly inspected: Inspected }) {
  const { title, what } = titleOf(inspected);
  return (
    <section aria-label="Chosen token" data-testid="inspected">
      <h2 className="chosen">{title}</h2>
      <p className="help">{what}</p>
    </section>
  );
}

/** What both models found likely where the token stands. */
export function Laws({ inspected }: { readonly inspected: Inspected }) {
  const { rows, hasDraftLaw, after, round } = inspected;
  const isOfAnother = rows.length === 0 && candidatesOf(round, "target", null) !== undefined;
  const most = max(rows, (r) => Math.max(r.target ?? 0, r.draft ?? 0)) ?? 1;
  const scale = (p: number | null): string => `${((p ?? 0) / Math.max(most, 1e-9)) * 100}%`;
  return (
    <section aria-label="Candidates" data-testid="candidates">
      {rows.length === 0 ? (
        <p className="help">
          {isOfAnother
            ? "This step lists candidates for its first position only; there are none for this token."
            : round.phase === "open" || round.phase === "drafted"
              ? "The lists of this step come once the model has read what is drafted."
              : "This trace has no lists of candidates here."}
        </p>
      ) : (
        <table className="laws">
          <caption className="help">
            Next after <q>{after.trimStart()}</q>
          </caption>
          <thead>
            <tr>
              <th scope="col">token</th>
              <td />
              <th scope="col">
                <span className="key-target" /> p, target
              </th>
              {hasDraftLaw && (
                <th scope="col">
                  <span className="key-draft" /> q, draft
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {rows.map((r) => (
              <tr key={r.token} data-chosen={r.isChosen || undefined}>
                <th scope="row" data-blank={isWhitespace(r.text) || undefined}>
                  {visiblePiece(r.text)}
                </th>
                <td className="law-bars" aria-hidden="true">
                  <span className="law-target" style={{ width: scale(r.target) }} />
                  {hasDraftLaw && <span className="law-draft" style={{ width: scale(r.draft) }} />}
                </td>
                <td className="figures">{value(r.target)}</td>
                {hasDraftLaw && <td className="figures">{value(r.draft)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
