/** A row of two columns: what and how much. */
import { explains } from "./Explain";

/** In words a hyphen as wide as a figure is a gap. */
const isWord = (value: string): boolean => /[a-z]-|-[a-z]/i.test(value);

export function Fact({
  name,
  help,
  value,
  testId,
}: {
  readonly name: string;
  /** What it counts or measures; said when somebody asks. */
  readonly help: string;
  readonly value: string;
  readonly testId?: string;
}) {
  return (
    <div className="fact">
      <dt>
        <span {...explains(help)}>{name}</span>
      </dt>
      <dd className={isWord(value) ? undefined : "figures"} data-testid={testId}>
        {value}
      </dd>
    </div>
  );
}
