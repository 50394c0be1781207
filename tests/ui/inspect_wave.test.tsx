/** What the inspector says of steps without a tree, which may commit several tokens and list candidates of the first. */
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { decodeTrace } from "../../src/trace/codec";
import { Timeline } from "../../src/trace/timeline";
import { inspect, lastWords } from "../../src/ui/inspect";
import { AcceptanceTest } from "../../src/ui/panels/AcceptanceTest";
import { ChosenToken, Laws } from "../../src/ui/panels/Laws";
import { signWords } from "../../src/ui/views/glyphs";
import { tokensView } from "../../src/ui/views/tokens";
import { readText } from "../helpers/repository";

const recorded = (id: string): Timeline =>
  new Timeline(decodeTrace(readText(`public/recordings/${id}.jsonl`)).events);

describe.each(["depth-wavefront", "recurrent", "mor", "autoregressive"])("%s", (id) => {
  const { latest, events } = recorded(id);
  const rounds = latest.rounds.toArray();

  it("shows with every token the candidates of its own position, or says that there are none", () => {
    let listed = 0;
    for (const { step, tokens } of rounds)
      for (const { position, token } of tokens) {
        const shown = inspect(latest, step, { kind: "extra", step, position })!;
        expect([shown.extra!.position, shown.token]).toEqual([position, token]);
        const own = events.find(
          (e) => e.kind === "candidates" && e.step === step && e.position === position && e.of === "target",
        );
        const top = own?.kind === "candidates" ? own.top.map(([t]) => t) : [];
        expect(shown.rows.map((row) => row.token)).toEqual(top);
        const html = renderToStaticMarkup(<Laws inspected={shown} />);
        expect(html.includes("<table")).toBe(top.length > 0);
        listed += top.length > 0 ? 1 : 0;
      }
    expect(listed).toBeGreaterThan(5);
  });

  it("quotes before the candidates the words that stand before the token", () => {
    const text = [...latest.prompt, ...latest.tokens.toArray()];
    for (const { step, tokens } of rounds)
      for (const { position } of tokens) {
        const before = text.slice(0, position).map((t) => t.text);
        const { after } = inspect(latest, step, { kind: "extra", step, position })!;
        expect(after).toBe(lastWords(before.join(""), 28));
      }
  });
});

it("a step that froze two tokens explains the newest unless the other is chosen", () => {
  const { latest } = recorded("depth-wavefront");
  const { step, tokens } = latest.rounds.toArray().find((round) => round.tokens.length === 2)!;
  const [first, second] = [tokens[0]!, tokens[1]!];
  const newest = inspect(latest, step, null)!;
  expect(newest.piece).toBe(second.piece);
  expect(newest.rows).toEqual([]);
  expect(renderToStaticMarkup(<Laws inspected={newest} />)).toContain("none for this token");
  const other = inspect(latest, step, { kind: "extra", step, position: first.position })!;
  expect(other.piece).toBe(first.piece);
  expect(other.rows.find((row) => row.isChosen)!.token).toBe(first.token);
  expect(inspect(latest, step, { kind: "extra", step, position: second.position + 1 })).toBeNull();
});

it("a quoted end of a text begins with a word, unless one word is longer", () => {
  expect(lastWords("named Lily. She loved to play", 28)).toBe("Lily. She loved to play");
  expect(lastWords("girl named Lily", 10)).toBe("named Lily");
  expect(lastWords("<bos>copy:rqfmiclu____=rqfmiclu", 28)).toBe("copy:rqfmiclu____=rqfmiclu");
  expect(lastWords("girl named Lily", 11)).toBe("named Lily");
  expect(lastWords("girl named Lily", 40)).toBe("girl named Lily");
  expect(lastWords("a\nlong word ", 8)).toBe("word ");
  expect(lastWords("incomprehensibly ", 5)).toBe("ibly ");
  expect(lastWords("incomprehensible", 5)).toBe("sible");
});

describe("where a token came from", () => {
  /** What stands in the inspector and in the drawing of tokens about the newest token of a run. */
  const said = (id: string, step: number): string => {
    const view = recorded(id).viewAfterStep(step);
    const inspected = inspect(view, step, null)!;
    return renderToStaticMarkup(
      <>
        <ChosenToken inspected={inspected} />
        <AcceptanceTest view={view} inspected={inspected} />
        <tokensView.Drawing view={view} step={step} size={{ width: 900, height: 400 }} />
      </>,
    );
  };
  it.each([
    ["depth-wavefront", 6, "in the step that froze that latent"],
    ["depth-wavefront", 0, "where the token before it stopped"],
    ["recurrent", 6, "where the token before it stopped"],
    ["mor", 6, "where the token before it stopped"],
  ])("%s, step %i: by the model at the depth it had, with no word of a target", (id, step, words) => {
    const html = said(id, step);
    expect(html).toContain(words);
    expect(html).toContain("committed by the model");
    expect(html).not.toMatch(/(?<!--)target/i);
    expect(signWords("target", recorded(id).latest.rounds.at(0)).help).toContain("no pass at full depth");
  });
  it("plain decoding: by the target, from its law", () => {
    expect(said("autoregressive", 6)).toContain("committed by the target");
    expect(said("autoregressive", 6)).toMatch(/The target\u2019s own|Drawn from the target\u2019s law/);
  });
});
