/**
 * The acceptance tests of a node's children drawn one under the other: what was left of the target's law and the law the
 * child was drawn from over the top tokens, the axis the uniform number fell on, and what each rejection left.
 */
import { max } from "d3-array";
import type { NodeVerdict } from "../../trace/events";
import { siblingTests, type LawBar, type SiblingTest, type SiblingTests } from "../../trace/sibling_tests";
import { pieceOf, type RunView } from "../../trace/view";
import { plural, probability, quoted, shortProbability, truncate, visiblePiece } from "../format";
import type { Inspected } from "../inspect";
import { Glyph, SIGN_NAME } from "../views/glyphs";
import { boundOf } from "./bound";

/** Tokens drawn at most; the children tested are always among them. */
const MOST_BARS = 8;
const WIDTH = 280;
const LEFT = 26;
const TOP = 8;
const BARS = 58;

/** The bars to draw: the largest ones and those of the children, in one order for all tests. */
export function shownTokens({ tests }: SiblingTests): readonly number[] {
  const first = tests[0]?.bars ?? [];
  const children = new Set(tests.flatMap((t) => (t.child ? [t.child.token] : [])));
  const places = Math.max(0, MOST_BARS - children.size);
  const others = first.filter((b) => !children.has(b.token)).slice(0, places);
  const shown = new Set([...children, ...others.map((b) => b.token)]);
  return first.filter((b) => shown.has(b.token)).map((b) => b.token);
}

const said = (p: number | null): string => (p === null ? "not listed" : probability(p));

function describe(bars: readonly LawBar[], child: SiblingTest["child"], hasDraftLaw: boolean): string {
  const each = bars.map(
    (b) => `${quoted(b.text)} ${said(b.target)}${child && hasDraftLaw ? ` against ${said(b.draft)}` : ""}`,
  );
  return `${child ? `Test of ${quoted(child.text)}` : "What is left"}: ${each.join(", ")}`;
}

/** Columns: what is left of the target's law filled, the draft's law in outline; the tested token stands out. */
function Columns({
  bars,
  marked,
  label,
}: {
  readonly bars: readonly LawBar[];
  readonly marked: number | null;
  readonly label: string;
}) {
  const most = Math.max(1e-9, max(bars, (b) => Math.max(b.target ?? 0, b.draft ?? 0)) ?? 1);
  // Round up to a tick that says something: 1, a half, a fifth, a tenth.
  const top = [0.05, 0.1, 0.2, 0.5, 1].find((t) => t >= most) ?? most;
  const step = (WIDTH - LEFT) / Math.max(1, bars.length);
  const width = Math.min(13, (step - 6) / 2);
  const y = (p: number): number => TOP + BARS - (p / top) * BARS;
  return (
    <svg className="test-columns" viewBox={`0 0 ${WIDTH} ${TOP + BARS + 26}`} role="img" aria-label={label}>
      {[0, top / 2, top].map((t) => (
        <g key={t}>
          <path d={`M${LEFT},${y(t)}H${WIDTH}`} stroke={t === 0 ? "var(--rule-strong)" : "var(--rule)"} />
          <text x={LEFT - 4} y={y(t) + 3} textAnchor="end" fontSize={8.5} fill="var(--ink-soft)">
            {t === 0 ? "0" : shortProbability(t)}
          </text>
        </g>
      ))}
      {bars.map((b, i) => {
        const x = LEFT + i * step + step / 2;
        const isMarked = b.token === marked;
        return (
          <g key={b.token}>
            {b.target !== null && b.target > 0 && (
              <rect
                x={x - width}
                y={y(b.target)}
                width={width - 0.5}
                height={y(0) - y(b.target)}
                fill="var(--ink-soft)"
              />
            )}
            {b.draft !== null && b.draft > 0 && (
              <rect
                x={x + 1}
                y={y(b.draft) + 0.5}
                width={width - 1}
                height={Math.max(0, y(0) - y(b.draft) - 0.5)}
                fill="none"
                stroke="var(--accepted)"
                strokeWidth={1}
              />
            )}
            {isMarked && (
              <path
                d={`M${x - 4},${y(0) + 2.5}l4,-1.5l4,1.5`}
                fill="none"
                stroke="var(--ink)"
                strokeWidth={1.2}
              />
            )}
            <text
              x={x}
              y={y(0) + (i % 2 === 0 ? 12 : 22)}
              textAnchor="middle"
              fontSize={8.8}
              fontWeight={isMarked ? 700 : 400}
              fill={isMarked ? "var(--ink)" : "var(--ink-soft)"}
            >
              {truncate(visiblePiece(b.text), 9)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

/** The unit interval: accepted up to the bound, and where the draw fell. */
export function Interval({ verdict, bound }: { readonly verdict: NodeVerdict; readonly bound: string }) {
  const { acceptProb, u, outcome } = verdict;
  const x = (p: number): number => LEFT + Math.min(1, Math.max(0, p)) * (WIDTH - LEFT - 6);
  const inside = (p: number): number => Math.min(WIDTH - 34, Math.max(LEFT + 24, x(p)));
  return (
    <svg
      className="interval"
      viewBox={`0 0 ${WIDTH} 44`}
      role="img"
      aria-label={`Accepted below ${probability(acceptProb)}${u === null ? "" : `, drawn ${probability(u)}`}`}
    >
      <rect
        x={x(0)}
        y={14}
        width={x(1) - x(0)}
        height={8}
        fill="var(--wash)"
        stroke="var(--rule-strong)"
        strokeWidth={0.8}
      />
      <rect x={x(0)} y={14} width={x(acceptProb) - x(0)} height={8} fill="var(--accepted)" />
      <path d={`M${x(acceptProb)},12v14`} stroke="var(--accepted)" strokeWidth={1.2} />
      {u !== null && (
        <>
          <path
            d={`M${x(u)},9v18`}
            stroke={outcome === "rejected" ? "var(--rejected)" : "var(--ink)"}
            strokeWidth={2}
          />
          <text x={inside(u)} y={7} textAnchor="middle" fontSize={9} fill="var(--ink)">
            u {shortProbability(u)}
          </text>
        </>
      )}
      <g fontSize={9} fill="var(--ink-soft)" className="figures">
        <text x={x(0)} y={38}>
          0
        </text>
        <text x={x(1)} y={38} textAnchor="end">
          1
        </text>
        <text x={Math.min(WIDTH - 50, Math.max(LEFT + 46, x(acceptProb)))} y={38} textAnchor="middle">
          {bound} {shortProbability(acceptProb)}
        </text>
      </g>
    </svg>
  );
}

/** What the filled bars are, and the outlined ones. */
function keyOf({ rule, rho }: SiblingTests): { target: string; draft: string | null } {
  switch (rule) {
    case "greedy":
      return { target: "target law: all of it on the most probable token", draft: null };
    case "sample_and_match":
      return { target: "what is left of the target\u2019s law, r", draft: null };
    case "k_seq":
      return {
        target: `target law over \u03c1${rho === null ? "" : ` = ${rho.toFixed(2)}`}, r`,
        draft: "draft law, q",
      };
    default:
      return {
        target: "target law, p; what rejections left of it, r",
        draft: rule === "multi_round" ? "draft law, q" : "draft law, q; without drawn siblings, d",
      };
  }
}

function Test({
  test,
  rule,
  tokens,
  number,
  hasDraftLaw,
  drawn,
}: {
  readonly test: SiblingTest;
  readonly rule: SiblingTests["rule"];
  readonly tokens: readonly number[];
  readonly number: number;
  readonly hasDraftLaw: boolean;
  /** The token drawn from what is left, where this is the law after all tests. */
  readonly drawn: number | null;
}) {
  const { child } = test;
  const isPoint = rule === "sample_and_match" || rule === "greedy";
  const byToken = new Map(test.bars.map((b) => [b.token, b]));
  const wanted =
    drawn !== null && !tokens.includes(drawn) && byToken.has(drawn) ? [...tokens, drawn] : tokens;
  const bars = wanted.map((token) => {
    const bar = byToken.get(token)!;
    // A point mass would only press the other columns flat.
    return isPoint ? { ...bar, draft: null } : bar;
  });
  return (
    <li>
      <p className="test-title">
        {child ? (
          <>
            <svg width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true">
              <Glyph sign={child.state} r={5} />
            </svg>
            {number + 1}. <q>{visiblePiece(child.text)}</q> {SIGN_NAME[child.state]}
          </>
        ) : (
          "Left to draw from, all rejected"
        )}
      </p>
      <Columns
        bars={bars}
        marked={child?.token ?? drawn}
        label={describe(bars, child, hasDraftLaw && !isPoint)}
      />
      {child?.verdict && <Interval verdict={child.verdict} bound={boundOf(rule, number, number > 0)} />}
    </li>
  );
}

/** Which tests to draw: those up to the chosen child, or all of them and what they left for the extra token. */
function asked({ node, extra, round }: Inspected): { parent: number; until: number; left: boolean } | null {
  if (node && node.parent >= 0) return { parent: node.parent, until: node.sibling, left: false };
  const last = round.path.at(-1);
  if (extra && extra.origin === "residual" && last !== undefined)
    return { parent: last, until: Infinity, left: true };
  return null;
}

export function TestPictures({ view, inspected }: { readonly view: RunView; readonly inspected: Inspected }) {
  const { round, extra } = inspected;
  const wanted = asked(inspected);
  const story = wanted && siblingTests(round, wanted.parent);
  if (!wanted || !story) return null;
  const tokens = shownTokens(story);
  const tests = story.tests.filter((t) =>
    t.child ? t.child.sibling <= wanted.until : wanted.left && story.rule !== "greedy",
  );
  const key = keyOf(story);
  return (
    <div className="tests" data-testid="test-pictures">
      <p className="help tests-key">
        <span className="key-left" /> {key.target}
        {key.draft && story.hasDraftLaw && (
          <>
            <br />
            <span className="key-draft" /> {key.draft}
          </>
        )}
      </p>
      <ol>
        {tests.map((test, i) => (
          <Test
            key={test.child?.id ?? "left"}
            test={test}
            rule={story.rule}
            tokens={tokens}
            number={i}
            hasDraftLaw={story.hasDraftLaw}
            drawn={test.child ? null : (extra?.token ?? null)}
          />
        ))}
      </ol>
      <p className="help">
        Probability over {plural(tokens.length, "token")}
        {story.isTruncated
          ? "; from the top 10 of each law only, so what a rejection leaves is exact for the tested tokens and near for the rest"
          : ""}
        {extra && !tokens.includes(extra.token) ? `; ${quoted(pieceOf(view, extra.token))} was drawn` : ""}.
      </p>
    </div>
  );
}
