/** Every registered method as a card, to be found by family, property, model, paper or author. */
import { useId } from "react";
import { create } from "zustand";
import { INDEX_PATH, loadIndex } from "../benchmarks/load";
import { methodOf, methods, models, type MethodInfo } from "../definitions";
import { useFetched } from "../fetched";
import { plural } from "../format";
import { groupsOf, pillars } from "../pillars";
import { hrefOf } from "../routes";
import { useRoute } from "../stores/route";
import { Card } from "./Card";
import { NO_FILTER, passes, PROPERTIES, type Filter, type Property } from "./filter";
import "./gallery.css";

interface FilterBarProps {
  readonly filter: Filter;
  readonly found: number;
  readonly onChange: (filter: Filter) => void;
}

function FilterBar({ filter, found, onChange }: FilterBarProps) {
  const id = useId();
  const set = (change: Partial<Filter>) => onChange({ ...filter, ...change });
  const toggle = (p: Property) =>
    set({
      properties: filter.properties.includes(p)
        ? filter.properties.filter((q) => q !== p)
        : [...filter.properties, p],
    });
  const present = pillars.filter((p) => groupsOf().some((g) => g.pillar === p));
  return (
    <search className="gallery-filter">
      <div className="gallery-search">
        <label className="section-name" htmlFor={`${id}-words`}>
          Search
        </label>
        <input
          id={`${id}-words`}
          type="search"
          value={filter.words}
          aria-describedby={`${id}-words-help`}
          onChange={(e) => set({ words: e.target.value })}
        />
        <p id={`${id}-words-help`} className="help">
          Method, title of a paper, or author.
        </p>
      </div>
      <div>
        <label className="section-name" htmlFor={`${id}-model`}>
          Runs on
        </label>
        <select
          id={`${id}-model`}
          value={filter.model ?? ""}
          aria-describedby={`${id}-model-help`}
          onChange={(e) => set({ model: e.target.value || null })}
        >
          <option value="">any model</option>
          {models.map((m) => (
            <option key={m.id} value={m.id}>
              {m.label}
            </option>
          ))}
        </select>
        <p id={`${id}-model-help`} className="help">
          Models at hand.
        </p>
      </div>
      <fieldset>
        <legend className="section-name">Family</legend>
        <div className="chips">
          {[{ id: null, label: "All" }, ...present].map((p) => (
            <button
              key={p.id}
              type="button"
              className="chip"
              aria-pressed={filter.pillar === p.id}
              onClick={() => set({ pillar: p.id })}
            >
              {p.label}
            </button>
          ))}
        </div>
      </fieldset>
      <fieldset>
        <legend className="section-name">Properties</legend>
        <div className="chips">
          {(Object.keys(PROPERTIES) as Property[]).map((p) => (
            <button
              key={p}
              type="button"
              className="chip"
              aria-pressed={filter.properties.includes(p)}
              title={PROPERTIES[p].help}
              onClick={() => toggle(p)}
            >
              {PROPERTIES[p].label}
            </button>
          ))}
        </div>
      </fieldset>
      <p className="gallery-count figures" role="status">
        {plural(found, "method")}
      </p>
    </search>
  );
}

function Nothing({ onClear }: { readonly onClear: () => void }) {
  return (
    <div className="gallery-nothing">
      <p>No method fits all of that.</p>
      <button type="button" onClick={onClear}>
        Show all methods
      </button>
    </div>
  );
}

/** Somebody came by an address that names a method there is not. */
function Unknown() {
  const item = useRoute((s) => (s.place === "gallery" ? s.item : null));
  if (item === null || methodOf(item)) return null;
  return (
    <div className="notice gallery-unknown" role="status" data-testid="unknown-method">
      <p>
        The address names the method &ldquo;{item}&rdquo;, and there is none of that name. Expected one of the{" "}
        {methods.length} below, such as <a href={hrefOf("gallery", methods[0]!.id)}>{methods[0]!.id}</a>; it
        may have been mistyped.
      </p>
    </div>
  );
}

/** Outlives the place, so that Back from a method shows the cards that it was chosen from. */
const useFilter = create<Filter>()(() => NO_FILTER);
const setFilter = (filter: Filter): void => useFilter.setState(filter, true);

export function Gallery() {
  const filter = useFilter();
  const index = useFetched(INDEX_PATH, loadIndex);
  // Without them the cards are whole, so a list that does not load says nothing here; the Benchmarks place does.
  const notes = index.state === "here" ? index.value.notes : [];
  const found: readonly MethodInfo[] = methods.filter((m) => passes(m, filter));
  return (
    <div className="place-body">
      <header>
        <h2>Gallery</h2>
        <p>
          Every decoding method of this page, each with a recorded run that shows its point. Open one to step
          through it and run it live.
        </p>
      </header>
      <Unknown />
      <FilterBar filter={filter} found={found.length} onChange={setFilter} />
      {found.length === 0 && <Nothing onClear={() => setFilter(NO_FILTER)} />}
      {groupsOf(found).map(({ pillar, methods: group }) => (
        <section key={pillar.id} className="gallery-group" aria-label={pillar.label}>
          <h3>{pillar.label}</h3>
          <ul className="cards">
            {group.map((m) => (
              <Card key={m.id} method={m} notes={notes.filter((n) => n.method === m.id)} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
