/**
 * What new runs take the place of comes back: the runs of a race, and a measurement. Node has no worker, so the new ones fail or are
 * still being asked for, which is when somebody wants the old ones back.
 */
import { beforeEach, describe, expect, it } from "vitest";
import { edit, regenerate, remove, send, useChat, type Turn } from "../../src/ui/chat/store";
import { runLanes } from "../../src/ui/compare/actions";
import { newLane, opponentOf, useCompare, withMethod } from "../../src/ui/compare/store";
import { methodOf } from "../../src/ui/definitions";
import { ableModels, measure, useBench } from "../../src/ui/parallel_bench/store";
import { showcaseSettings } from "../../src/ui/showcase";
import { startRun } from "../../src/ui/start_run";
import { useEngine } from "../../src/ui/stores/engine";
import { beginRun, useRun } from "../../src/ui/stores/run";
import { dropUndo, offerUndo, undo, useUndo } from "../../src/ui/stores/undo";
import { timeline } from "./moments";

beforeEach(dropUndo);

describe("Run again", () => {
  const settings = showcaseSettings(methodOf("rsd-s")!);
  const lanes = [
    newLane(settings, timeline.events),
    newLane(withMethod(settings, opponentOf("rsd-s")), timeline.events),
  ];
  const lengths = (): readonly number[] => useCompare.getState().lanes.map((lane) => lane.length);
  const before = lanes.map((lane) => lane.length);
  beforeEach(() => useCompare.setState({ lanes, by: "rows", spent: 3, running: null }));

  it("gives the runs back after the new ones failed", async () => {
    await runLanes(true);
    expect(lengths()).not.toEqual(before);
    expect(useUndo.getState().last?.did).toContain("take the place");
    undo();
    expect(useCompare.getState()).toMatchObject({ lanes, by: "rows", spent: null, running: null });
    expect(useUndo.getState().last).toBeNull();
  });

  it("gives them back while new ones are being made, and these do not come after all", async () => {
    const over = runLanes(true);
    expect(useCompare.getState().running).toBe(lanes[0]!.id);
    undo();
    await over;
    expect(lengths()).toEqual(before);
    expect(useCompare.getState().running).toBeNull();
  });

  it("offers nothing where only missing runs are made", async () => {
    useCompare.setState({ lanes: [lanes[0]!, { ...lanes[1]!, timeline: null, length: 0 }] });
    offerUndo("A run with other settings takes the place of this one.", () => undefined);
    await runLanes(false);
    expect(useUndo.getState().last).toBeNull();
    expect(lengths()[0]).toBe(before[0]);
  });
});

describe("an offer to have back what was on the stage", () => {
  const offer = (): void => offerUndo("An example took the place of your run.", () => undefined);

  it("is gone once a newer run was asked for, and stays where none can be made", async () => {
    beginRun({ kind: "live" }, timeline.events);
    offer();
    useEngine.setState({ hasWebGpu: false });
    await startRun();
    expect(useUndo.getState().last).not.toBeNull();
    useEngine.setState({ hasWebGpu: true });
    await startRun();
    expect(useUndo.getState().last).toBeNull();
  });

  it("is gone once a branch was added, which the runs it would put back do not have", () => {
    beginRun({ kind: "live" }, timeline.events);
    offer();
    beginRun({ kind: "live" }, [], { run: useRun.getState().current, step: 0, forced: "" });
    expect(useUndo.getState().last).toBeNull();
  });
});

describe("a new measurement", () => {
  const [model] = ableModels();
  const measured = new Map([["made before", { strategy: {}, byTask: new Map() }]]) as never;
  const of = { model: model!.id, count: 3, device: {} } as never;
  const kept = { measured, of, done: 12, total: 12 };
  beforeEach(() => useBench.setState({ ...kept, phase: "idle", problem: null }));

  it("gives the one before back after it failed", async () => {
    await measure();
    expect(useBench.getState().measured.size).toBe(0);
    expect(useBench.getState().problem).not.toBeNull();
    undo();
    expect(useBench.getState()).toMatchObject({ ...kept, phase: "idle", problem: null });
  });

  it("gives it back while the new one is being made, which does not come after all", async () => {
    const over = measure();
    expect(useBench.getState()).toMatchObject({ phase: "preparing", done: 0 });
    undo();
    await over;
    expect(useBench.getState()).toMatchObject({ ...kept, phase: "idle", problem: null });
  });

  it("offers nothing where nothing was measured before", async () => {
    useBench.setState({ measured: new Map() });
    await measure();
    expect(useUndo.getState().last).toBeNull();
  });
});

describe("a conversation", () => {
  const turn = (id: number, role: Turn["role"]): Turn => ({
    ...{ id, role, content: `text ${id}`, thinking: "", tokens: [], usage: null, isCut: false, trace: [] },
  });
  const turns = [turn(-4, "user"), turn(-3, "assistant"), turn(-2, "user"), turn(-1, "assistant")];
  const shown = (): readonly string[] => useChat.getState().turns.map(({ content }) => content);
  beforeEach(() => useChat.setState({ turns, text: "", editing: null, busy: null }));

  it("gives back what was removed, until a next message is sent", async () => {
    remove(-2);
    undo();
    expect(useChat.getState().turns).toBe(turns);
    remove(-2);
    useChat.setState({ text: "and then" });
    await send();
    expect(shown()).toEqual(["text -4", "text -3", "and then"]);
    expect(useUndo.getState().last).toBeNull();
  });

  it("leaves the offers of other places alone", async () => {
    remove(-2);
    offerUndo("Something else.", () => undefined);
    useChat.setState({ text: "and then" });
    await send();
    expect(useUndo.getState().last?.did).toBe("Something else.");
  });

  it("gives back what a message written anew took away", async () => {
    edit(-2);
    useChat.setState({ text: "otherwise" });
    await send();
    expect(shown()).toEqual(["text -4", "text -3", "otherwise"]);
    undo();
    expect(useChat.getState().turns).toBe(turns);
  });

  it("gives an answer back while it is written again, and the new one does not come after all", async () => {
    const over = regenerate(-1);
    undo();
    await over;
    expect(useChat.getState()).toMatchObject({ turns, busy: null, problem: null });
  });
});
