/** Looking at the memory asks the engine that is there, and starts none. */
import { expect, it, vi } from "vitest";
import type { EngineClient } from "../../src/worker/client";
import type { MemoryReport } from "../../src/worker/api";

const engine = vi.hoisted(() => ({ started: 0, present: null as EngineClient | null }));
vi.mock("../../src/ui/engine", () => ({
  openClient: () => Promise.reject(new Error(`started ${++engine.started} engines`)),
  presentClient: () => engine.present,
}));

const { refresh, useMemory } = await import("../../src/ui/memory/store");
const REPORT: MemoryReport = { liveBytes: 8, peakBytes: 8, byOwner: [], live: [], peak: [] };
const client = (memory: () => Promise<MemoryReport>) => ({ memory }) as EngineClient;

it("asks a client that exists, and shows nothing without one or when it stops", async () => {
  await refresh();
  expect(useMemory.getState().report).toBeNull();
  expect(engine.started).toBe(0);
  engine.present = client(() => Promise.resolve(REPORT));
  await refresh();
  expect(useMemory.getState().report).toBe(REPORT);
  engine.present = client(() => Promise.reject(new Error("stopped")));
  await refresh();
  expect(useMemory.getState().report).toBeNull();
  engine.present = null;
  await refresh();
  expect([useMemory.getState().report, engine.started]).toEqual([null, 0]);
});
