/** A row of two columns: what and how much. */
export function Fact({
  name,
  value,
  testId,
}: {
  readonly name: string;
  readonly value: string;
  readonly testId?: string;
}) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd className="figures" data-testid={testId}>
        {value}
      </dd>
    </div>
  );
}
