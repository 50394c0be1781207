/** Files that somebody chose or dropped: told apart by what they begin with, refused when too large, and bad ones change nothing. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { comparisonFragment } from "../../src/ui/compare/actions";
import { openRaceFile } from "../../src/ui/compare/race_file";
import { newLane, showLanes, useCompare, withMethod } from "../../src/ui/compare/store";
import { methodOf } from "../../src/ui/definitions";
import { openFile } from "../../src/ui/open_file";
import { showcaseSettings } from "../../src/ui/showcase";
import { useEngine } from "../../src/ui/stores/engine";

const address = { hash: "#playground" };
const settings = showcaseSettings(methodOf("rsd-s")!);
const fileOf = (race: string): File =>
  new File([`{"decoscopeRace":1,"race":${JSON.stringify(race)}}`], "race.json");

/** A file of this many bytes that nobody may read beyond its first. */
const large = (begin: string): File => {
  const file = new File([begin], "large.json");
  const fail = () => Promise.reject(new Error("it was read"));
  return Object.assign(file, { text: fail, arrayBuffer: fail });
};
/** More than any trace has. */
const SIZE = 2 ** 30;

beforeEach(() => {
  vi.stubGlobal("location", address);
  address.hash = "#playground";
  showLanes([newLane(settings), newLane(withMethod(settings, "autoregressive"))]);
  useCompare.setState({ opened: "a link" });
  useEngine.setState({ notices: [], error: null });
});

describe("a race", () => {
  it("goes to the place of races", async () => {
    const race = comparisonFragment(false);
    showLanes([]);
    await openFile(fileOf(race));
    expect(useCompare.getState()).toMatchObject({ opened: null, lanes: [{}, {}] });
    expect(address.hash).toBe("#compare");
  });

  it("that lost a part is refused as a file, and everything stays where it was", async () => {
    const before = useCompare.getState();
    await openFile(fileOf("compare/pas"));
    expect(useCompare.getState()).toBe(before);
    expect(address.hash).toBe("#playground");
    const { notices, error } = useEngine.getState();
    expect([...notices, error?.message]).toContainEqual(expect.stringMatching(/race file.*“pas”/));
    expect(notices.join()).not.toContain("link");
  });

  it("is called a file where a run of it cannot be read", async () => {
    const race = comparisonFragment(false);
    await openFile(fileOf(`${race}/v1.damaged`));
    expect(useEngine.getState().notices.join()).toMatch(/Run 3 of this race file/);
  });

  it.each([
    ["from the playground", openFile],
    ["in Compare", openRaceFile],
  ])("that is too large is not read, %s", async (_, open) => {
    const file = large('{"decoscopeRace":1,');
    Object.defineProperty(file, "size", { value: SIZE });
    const thrown = await open(file).then(
      () => useEngine.getState().error?.message,
      (error: unknown) => (error as Error).message,
    );
    expect(thrown).toMatch(/large\.json has 1073741824 bytes; .* at most/);
    expect(address.hash).toBe("#playground");
  });
});

it("a trace that is too large is not read", async () => {
  const file = large('{"kind":"run_start"');
  Object.defineProperty(file, "size", { value: SIZE });
  await openFile(file);
  expect(useEngine.getState().error?.message).toMatch(/large\.json has 1073741824 bytes/);
});
