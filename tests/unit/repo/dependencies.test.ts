/** What is not written here stands in docs/decisions/0002-dependencies.md, each with a reason. */
import { expect, it } from "vitest";
import { readText } from "../../helpers/repository";

const text = readText("docs/decisions/0002-dependencies.md");

/** Names of one cell: "d3-array, -scale" are "d3-array" and "d3-scale". */
function namesOf(cell: string): string[] {
  const [first = "", ...others] = cell.split(", ");
  return [first, ...others.map((name) => (name.startsWith("-") ? first.replace(/-[^-]*$/, name) : name))];
}

/** Names in the table with this heading. */
const namesUnder = (heading: string): string[] => {
  const [, rows = ""] = text.split(`| ${heading} |`);
  return (rows.split("\n\n")[0] ?? "")
    .split("\n")
    .slice(2)
    .flatMap((row) => namesOf(/^\| (.*?) \|/.exec(row)![1]!));
};

/** Types alone bring no code. */
const isTypes = (name: string): boolean => /^@types\/|\/types$/.test(name);
const wanted = JSON.parse(readText("package.json")) as Readonly<
  Record<"dependencies" | "devDependencies", Readonly<Record<string, string>>>
>;

it.each([
  ["in the page", wanted.dependencies],
  ["at work only", wanted.devDependencies],
])("every dependency %s has a line, and no other", (heading, packages) => {
  expect(namesUnder(heading).sort()).toEqual(
    Object.keys(packages)
      .filter((name) => !isTypes(name))
      .sort(),
  );
});
