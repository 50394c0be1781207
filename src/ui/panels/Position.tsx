/** A position of a canvas in the inspector: what stands there and why, what else was likely, how it came to that. */
import { useRef } from "react";
import { TOKEN_QUANTITIES } from "../../trace/token_quantities";
import { plural, probability, quoted, visiblePiece } from "../format";
import type { Favourite, InspectedPosition } from "../inspect_position";
import { History } from "../views/canvas/history";
import { REASON_NAME } from "../views/canvas/signs";
import { Fact } from "./Fact";
import { BranchIcon } from "./icons";
import { useSize } from "./use_size";

/** Changes of mind that are listed; older ones are counted. */
const LISTED = 6;

function titleOf({ cell, text, opinion }: InspectedPosition): string {
  if (cell.status === "masked") return opinion && text !== null ? `${quoted(text)}?` : "masked";
  return quoted(text ?? "");
}

function stateOf({ position, step, cell, isPrompt, commit, opinion }: InspectedPosition): string {
  const where = `position ${position}`;
  if (isPrompt) return `${where}, part of the prompt`;
  if (cell.status === "fixed") return `${where}, given`;
  if (commit) return `${where}, committed in step ${commit.step + 1} ${REASON_NAME[commit.reason]}`;
  const again = cell.remasked > 0 ? `, ${plural(cell.remasked, "time")} masked again` : "";
  if (!opinion) return `${where}, masked${again}; the model was not asked yet`;
  const asked = opinion.step === step ? "" : `; last asked in step ${opinion.step + 1}`;
  return `${where}, masked${again}; what the model would put there${asked}`;
}

interface TopProps {
  readonly inspected: InspectedPosition;
  /** Puts a token here and goes on; null where that cannot be done. */
  readonly onForce: ((token: number) => void) | null;
}

function Top({ inspected, onForce }: TopProps) {
  const { rows, opinion, cell } = inspected;
  if (!opinion)
    return (
      <p className="help">
        {cell.status === "fixed"
          ? "The model was never asked: the token was given."
          : "This trace has no list of candidates here."}
      </p>
    );
  const most = rows[0]?.p ?? 1;
  return (
    <table className="laws">
      <caption className="help">Most likely here in step {opinion.step + 1}</caption>
      <thead>
        <tr>
          <th scope="col">token</th>
          <td />
          <th scope="col">p</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((r) => (
          <tr key={r.token} data-chosen={r.isChosen || undefined}>
            <th scope="row">
              {onForce ? (
                <button
                  type="button"
                  className="token-force"
                  title={`Put ${quoted(r.text)} here and go on: a branch`}
                  aria-label={`Put ${quoted(r.text)} here and go on`}
                  onClick={() => onForce(r.token)}
                >
                  {visiblePiece(r.text)}
                </button>
              ) : (
                visiblePiece(r.text)
              )}
            </th>
            <td className="law-bars" aria-hidden="true">
              <span className="law-target" style={{ width: `${(r.p / Math.max(most, 1e-9)) * 100}%` }} />
            </td>
            <td className="figures">{probability(r.p)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const stepsOf = ({ from, to }: Favourite): string =>
  from === to ? `step ${from + 1}` : `steps ${from + 1}\u2013${to + 1}`;
const rangeOf = ({ least, most }: Favourite): string =>
  most - least < 0.005 ? probability(most) : `${probability(least)}\u2013${probability(most)}`;

function Past({ inspected, steps }: { readonly inspected: InspectedPosition; readonly steps: number }) {
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const { past, favourites } = inspected;
  const listed = favourites.slice(-LISTED);
  return (
    <section aria-label="Over the steps">
      <h2 className="section-name">Over the steps</h2>
      {past.length === 0 ? (
        <p className="help">No step has asked the model about this position.</p>
      ) : (
        <>
          <div ref={frame}>
            {size && size.width > 0 && <History inspected={inspected} steps={steps} width={size.width} />}
          </div>
          <p className="help">
            Probability of the token the model found most likely; rings: another token took the lead.
          </p>
          <dl className="facts">
            {favourites.length > LISTED && (
              <Fact
                help={TOKEN_QUANTITIES.favourites.help}
                name="before that"
                value={plural(favourites.length - LISTED, "other favourite")}
              />
            )}
            {listed.map((run) => (
              <Fact
                key={run.from}
                help={TOKEN_QUANTITIES.favourites.help}
                name={`${stepsOf(run)}: ${visiblePiece(run.text)}`}
                value={rangeOf(run)}
              />
            ))}
          </dl>
        </>
      )}
    </section>
  );
}

interface PositionProps {
  readonly inspected: InspectedPosition;
  /** Steps of the run, for the axis of the history. */
  readonly steps: number;
  /** Goes on from the end of the step with another token here, or with a mask (null). Null where nothing can be changed. */
  readonly onChange?: ((change: number | null) => void) | null;
}

export function Position({ inspected, steps, onChange = null }: PositionProps) {
  const { opinion, judged, cacheAge, commit } = inspected;
  return (
    <>
      <section aria-label="Chosen position" data-testid="inspected">
        <h2 className="chosen">{titleOf(inspected)}</h2>
        <p className="help">{stateOf(inspected)}</p>
        <Top inspected={inspected} onForce={onChange} />
        {onChange && (
          <div className="force">
            {inspected.cell.status !== "masked" && (
              <button
                type="button"
                className="force-button"
                data-testid="mask-again"
                onClick={() => onChange(null)}
              >
                <BranchIcon />
                <span>Mask again and go on from here</span>
              </button>
            )}
            <p className="help">
              Choose a token of the list to put it here and go on from the end of step {inspected.step + 1}: a
              branch, in which everything committed by then is given. This run is kept.
            </p>
          </div>
        )}
        <dl className="facts">
          {commit && commit.reason !== "end_fill" && (
            <Fact {...TOKEN_QUANTITIES.committedAt} value={probability(commit.p)} />
          )}
          {opinion && (
            <>
              <Fact {...TOKEN_QUANTITIES.gap} value={opinion.gap.toFixed(2)} />
              <Fact {...TOKEN_QUANTITIES.margin} value={probability(opinion.margin)} />
              <Fact {...TOKEN_QUANTITIES.entropy} value={`${Math.max(0, opinion.entropy).toFixed(2)} nats`} />
            </>
          )}
          <Fact
            {...TOKEN_QUANTITIES.cacheAge}
            value={
              cacheAge === null
                ? "not computed yet"
                : cacheAge === 0
                  ? "computed in this step"
                  : `${plural(cacheAge, "step")} old`
            }
          />
        </dl>
      </section>
      {judged && (
        <section aria-label="The guider">
          <h2 className="section-name">The guider</h2>
          <p className="help">
            {judged.isKept ? "Kept" : "Did not keep"} the draft {quoted(visiblePiece(judged.text))}: it finds{" "}
            {judged.rank === 0 ? "no token" : plural(judged.rank, "token")} more likely.
          </p>
          <dl className="facts">
            <Fact {...TOKEN_QUANTITIES.judged} value={probability(judged.p)} />
          </dl>
        </section>
      )}
      <Past inspected={inspected} steps={steps} />
    </>
  );
}
