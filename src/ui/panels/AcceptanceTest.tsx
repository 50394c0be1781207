/** The acceptance test of a drafted token with its numbers, or where an extra token came from. */
import type { NodeVerdict } from "../../trace/events";
import { TOKEN_QUANTITIES } from "../../trace/token_quantities";
import type { NodeView, RoundView, RunView } from "../../trace/view";
import { probability, quoted } from "../format";
import type { Inspected } from "../inspect";
import { SIGN_COLOUR, SIGN_NAME } from "../views/glyphs";
import { isBeyondEnd } from "../views/tree_words";
import { boundOf } from "./bound";
import { Fact } from "./Fact";
import { TestPictures } from "./TestPictures";
import { whyOf } from "./why";

const earlierSiblings = (round: RoundView, node: NodeView): number =>
  round.nodes.filter((n) => n.parent === node.parent && n.sibling < node.sibling).length;

function whyNotReached(round: RoundView, node: NodeView): string {
  const siblings = round.nodes.filter((n) => n.parent === node.parent && n.state === "accepted");
  if (siblings[0])
    return `Never tested: its sibling ${quoted(siblings[0].text)} was accepted before its turn.`;
  return "Never tested: the path to it was not accepted.";
}

interface TestedProps {
  readonly round: RoundView;
  readonly node: NodeView;
  readonly verdict: NodeVerdict;
}

function Why({ round, node, verdict }: TestedProps) {
  const why = whyOf(round.rule, verdict, earlierSiblings(round, node));
  return why === null ? null : <p data-testid="why">{why}</p>;
}

function NodeTest({ round, node, verdict }: TestedProps) {
  const p = Math.exp(verdict.logp);
  const earlier = earlierSiblings(round, node);
  const isKSeq = round.rule === "k_seq";
  const wasTested = verdict.outcome !== "not_reached";
  const isResidual = !isKSeq && Math.abs(verdict.r - p) > 1e-4 * Math.max(1, p) && earlier > 0;
  if (round.rule === "sample_and_match")
    return (
      <>
        <dl className="facts">
          <Fact {...TOKEN_QUANTITIES.p} value={probability(p)} testId="test-p" />
          {earlier > 0 && (
            <Fact
              help={TOKEN_QUANTITIES.r.help}
              name={`among what ${earlier === 1 ? "its elder sibling leaves" : `${earlier} elder siblings leave`}, r`}
              value={probability(verdict.r)}
            />
          )}
        </dl>
        <p className="help">
          The target’s own next token was drawn from its law; a draft stays if it is that token.{" "}
          {verdict.outcome === "not_reached" && whyNotReached(round, node)}
        </p>
      </>
    );
  if (round.rule === "greedy")
    return (
      <>
        <dl className="facts">
          <Fact {...TOKEN_QUANTITIES.p} value={probability(p)} />
          <Fact {...TOKEN_QUANTITIES.q} value={probability(Math.exp(node.logq))} />
        </dl>
        <p className="help">
          Greedy: a draft is accepted if it is the target’s most probable token.{" "}
          {verdict.outcome === "not_reached" && whyNotReached(round, node)}
        </p>
      </>
    );
  return (
    <>
      <dl className="facts">
        <Fact {...TOKEN_QUANTITIES.p} value={probability(p)} testId="test-p" />
        {isKSeq && (
          <Fact
            help={TOKEN_QUANTITIES.kSeq.help}
            name={"p over \u03c1, one factor for all drafts here, r"}
            value={probability(verdict.r)}
          />
        )}
        {isResidual && (
          <Fact
            help={TOKEN_QUANTITIES.r.help}
            name={
              wasTested
                ? `what is left of it after ${earlier} rejected, r`
                : `what would be left of it, were ${earlier === 1 ? "the sibling" : `the ${earlier} siblings`} before it rejected, r`
            }
            value={probability(verdict.r)}
          />
        )}
        <Fact
          help={
            earlier > 0 && round.rule === "recursive_rejection"
              ? TOKEN_QUANTITIES.d.help
              : TOKEN_QUANTITIES.q.help
          }
          name={
            earlier > 0 && round.rule === "recursive_rejection"
              ? "draft probability among tokens not drawn yet, d"
              : "draft probability, q"
          }
          value={probability(verdict.d)}
          testId="test-d"
        />
        <Fact
          help={TOKEN_QUANTITIES.acceptProb.help}
          name={`${wasTested ? "accept" : "would be accepted"} below ${boundOf(round.rule, earlier, isResidual)}`}
          value={probability(verdict.acceptProb)}
          testId="test-accept"
        />
        {verdict.u !== null && <Fact {...TOKEN_QUANTITIES.u} value={verdict.u.toFixed(3)} testId="test-u" />}
      </dl>
      {verdict.outcome === "not_reached" && <p className="help">{whyNotReached(round, node)}</p>}
    </>
  );
}

function whereFrom({ round, extra }: Inspected): string {
  const last = round.nodes[round.path.at(-1) ?? 0];
  const children = last?.children.length ?? 0;
  switch (extra?.origin) {
    case "residual":
      return `${children === 1 ? "The one draft" : `All ${children} drafts`} after ${quoted(last?.text ?? "")} ${children === 1 ? "was" : "were"} rejected. This token was drawn from what ${children === 1 ? "that" : "they"} left of the target\u2019s law, so that the text keeps that law exactly.`;
    case "bonus":
      return `The path ended at ${quoted(last?.text ?? "")} with no drafts after it. The target\u2019s law there was computed in the same pass, so one more token came for free.`;
    default:
      if (round.recursion?.wave)
        return "Drafted anew in every step by the latent before it, and committed in the step that froze that latent: what it would say at full depth was not computed.";
      if (round.recursion)
        return "Drawn from what the model said where the token before it stopped, after the last recurrence it ran. Nothing was drafted.";
      return round.extra === "argmax"
        ? "The target\u2019s own most probable token."
        : "Drawn from the target\u2019s law; nothing was drafted.";
  }
}

export function AcceptanceTest({
  view,
  inspected,
}: {
  readonly view: RunView;
  readonly inspected: Inspected;
}) {
  const { node, extra, round } = inspected;
  if (extra)
    return (
      <section aria-label="Where it came from">
        <h2 className="section-name">Where it came from</h2>
        <p className="help">{whereFrom(inspected)}</p>
        <TestPictures view={view} inspected={inspected} />
        <dl className="facts">
          <Fact
            {...(inspected.round.recursion ? TOKEN_QUANTITIES.pAtDepth : TOKEN_QUANTITIES.p)}
            value={probability(Math.exp(extra.logprob))}
          />
        </dl>
      </section>
    );
  if (!node || node.parent < 0) return null;
  return (
    <section aria-label="Acceptance test" data-testid="acceptance-test">
      <h2 className="section-name">
        Acceptance test
        <span className="verdict" style={{ color: SIGN_COLOUR[node.state] }} data-testid="verdict">
          {SIGN_NAME[node.state]}
        </span>
      </h2>
      {node.verdict ? (
        <>
          <Why round={round} node={node} verdict={node.verdict} />
          {isBeyondEnd(round, { mark: { kind: "node", node } }) && (
            <p className="help">Accepted, but the text ended before it: it is no part of the text.</p>
          )}
          <TestPictures view={view} inspected={inspected} />
          <NodeTest round={round} node={node} verdict={node.verdict} />
        </>
      ) : (
        <p className="help">The target has not seen this tree yet.</p>
      )}
    </section>
  );
}
