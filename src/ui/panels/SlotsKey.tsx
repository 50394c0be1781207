/** What the marks of a cache strip stand for. */
import { explains } from "./Explain";

export interface Fate {
  /** Of the mark, in the style sheet. */
  readonly id: string;
  readonly name: string;
  readonly help: string;
}

export const SlotsKey = ({ fates }: { readonly fates: readonly Fate[] }) => (
  <ul className="slots-key" aria-label="Marks of the cache">
    {fates.map(({ id, name, help }) => (
      <li key={id} data-fate={id}>
        <span {...explains(help)}>{name}</span>
      </li>
    ))}
  </ul>
);
