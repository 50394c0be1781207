/** A row of two columns: what and how much. */
import { explains } from "./Explain";

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
      <dd className="figures" data-testid={testId}>
        {value}
      </dd>
    </div>
  );
}
