/** A table of a benchmark: heads with units, tabular figures, what each column says underneath. */
import { labelOf, methodOf } from "../definitions";
import { plural } from "../format";
import { hrefOf } from "../routes";
import { withNames } from "./names";
import type { BenchmarkCell, BenchmarkColumn, BenchmarkTable } from "./schema";

const NOT_MEASURED = "\u2013";

/** A number as the column has it. */
function figure(value: number, { digits }: BenchmarkColumn): string {
  if (digits !== undefined)
    return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  return Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 8 });
}

interface CellProps {
  readonly value: BenchmarkCell;
  readonly column: BenchmarkColumn;
  readonly isNumeric: boolean;
}

function Cell({ value, column, isNumeric }: CellProps) {
  if (value === null)
    return (
      <td className={isNumeric ? "number" : undefined} title="not measured">
        {NOT_MEASURED}
      </td>
    );
  if (typeof value === "number") return <td className="number">{figure(value, column)}</td>;
  if (typeof value === "boolean") return <td>{value ? "yes" : "no"}</td>;
  if (column.of === "method" && methodOf(value))
    return (
      <td>
        <a href={hrefOf("gallery", value)}>{labelOf(value)}</a>
      </td>
    );
  return <td>{column.of ? labelOf(value) : withNames(value)}</td>;
}

interface ResultTableProps {
  readonly table: BenchmarkTable;
  /** Without its title and help, where these stand beside it already. */
  readonly isBare?: boolean;
}

/** Tables of more columns are set closer, and may be wider than the text. */
const MANY_COLUMNS = 11;
/** Longer tables are folded. */
const MOST_ROWS = 40;

function Rows({ table }: { readonly table: BenchmarkTable }) {
  const isNumber = (key: string): boolean => table.rows.some((row) => typeof row[key] === "number");
  return (
    // A region that scrolls sideways has to be reachable by keyboard.
    <div
      className="table-scroll"
      data-wide={table.columns.length > MANY_COLUMNS || undefined}
      tabIndex={0}
      role="region"
      aria-label={table.title}
    >
      <table className="figures">
        <thead>
          <tr>
            {table.columns.map((c) => (
              <th key={c.key} scope="col" className={isNumber(c.key) ? "number" : undefined}>
                {c.label}
                {c.unit !== undefined && <span className="unit"> {c.unit}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, i) => (
            // Rows have no names of their own and never change places.
            <tr key={i}>
              {table.columns.map((c) => (
                <Cell key={c.key} value={row[c.key] ?? null} column={c} isNumeric={isNumber(c.key)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function ResultTable({ table, isBare = false }: ResultTableProps) {
  return (
    <div className="result-table">
      {!isBare && (
        <>
          <h4>{table.title}</h4>
          <p className="help">{withNames(table.help)}</p>
        </>
      )}
      {table.rows.length > MOST_ROWS ? (
        <details className="more">
          <summary>{plural(table.rows.length, "row")}</summary>
          <Rows table={table} />
        </details>
      ) : (
        <Rows table={table} />
      )}
      {!isBare && (
        <details className="more">
          <summary>What the columns say</summary>
          <dl className="column-help">
            {table.columns.map((c) => (
              <div key={c.key}>
                <dt>{c.label}</dt>
                <dd>{c.help}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </div>
  );
}
