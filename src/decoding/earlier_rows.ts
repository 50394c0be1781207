/** Rows of Token Recycling's table as earlier texts left them, for the models that wrote those. */
import type { SuccessorRows } from "./session";

/** Successors kept for each token. */
export const ROW = 8;

/**
 * The file `npm run bench:drafts -- --learn` writes: by model, rows of a token and its successors. Fetched when it is asked
 * for, since most visitors never do.
 */
type Learned = Readonly<Record<string, readonly (readonly number[])[]>>;

/** The rows for a model, or null if no texts of it were kept. */
export async function earlierRows(model: string): Promise<SuccessorRows | null> {
  const learned: Learned = (await import("./earlier_rows.json", { with: { type: "json" } })).default;
  const rows = learned[model];
  return rows ? new Map(rows.map(([token = 0, ...successors]) => [token, successors])) : null;
}
