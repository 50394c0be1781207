/** The menu of all methods, by family. */
import { modelFor } from "../definitions";
import { groupsOf } from "../pillars";

interface MethodSelectProps {
  readonly id: string;
  readonly value: string;
  readonly describedBy?: string;
  readonly onChange: (method: string) => void;
}

export function MethodSelect({ id, value, describedBy, onChange }: MethodSelectProps) {
  return (
    <select id={id} value={value} aria-describedby={describedBy} onChange={(e) => onChange(e.target.value)}>
      {groupsOf().map(({ pillar, methods }) => (
        <optgroup key={pillar.id} label={pillar.label}>
          {methods.map((m) => (
            <option key={m.id} value={m.id} disabled={!modelFor(m)}>
              {m.label}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}
