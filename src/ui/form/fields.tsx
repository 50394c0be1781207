/** One control for each kind of option: label, value, control, help under it. */
import * as Switch from "@radix-ui/react-switch";
import { useId, useState } from "react";
import {
  readParams,
  type ChoiceOption,
  type IntegerOption,
  type IntegersOption,
  type NumberOption,
  type Option,
  type ParamValue,
  type ToggleOption,
} from "../../base/params";
import { sliderOf } from "./scale";

interface FieldProps<O extends Option> {
  readonly option: O;
  readonly value: ParamValue;
  readonly onChange: (value: ParamValue) => void;
}

/** A number with a slider and a box that takes typed values; what is typed counts when the box is left. */
export function NumberField({ option, value, onChange }: FieldProps<IntegerOption | NumberOption>) {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const slider = sliderOf(option);
  const place = slider.placeOf(Number(value));
  const shown = typed ?? String(Number(value));
  const settle = () => {
    if (typed === null) return;
    // What is no number leaves the value as it was; what is out of range goes to the nearest end.
    onChange(readParams({ value: { ...option, default: Number(value) } }, { value: typed }).values.value);
    setTyped(null);
  };
  return (
    <div className="field">
      <label htmlFor={id}>{option.label}</label>
      <input
        className="field-number"
        inputMode="decimal"
        aria-label={`${option.label}, value`}
        value={shown}
        onChange={(e) => setTyped(e.target.value)}
        onBlur={settle}
        onKeyDown={(e) => e.key === "Enter" && settle()}
      />
      <input
        id={id}
        type="range"
        min={slider.min}
        max={slider.max}
        step={slider.step}
        value={place}
        aria-valuetext={String(Number(value))}
        aria-describedby={`${id}-help`}
        style={{ "--filled": `${((place - slider.min) / (slider.max - slider.min)) * 100}%` }}
        onChange={(e) => onChange(slider.valueAt(Number(e.target.value)))}
      />
      <p id={`${id}-help`} className="help">
        {option.help}
      </p>
    </div>
  );
}

function ToggleField({ option, value, onChange }: FieldProps<ToggleOption>) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{option.label}</label>
      <Switch.Root
        id={id}
        className="switch"
        checked={value === true}
        onCheckedChange={onChange}
        aria-describedby={`${id}-help`}
      >
        <Switch.Thumb className="switch-thumb" />
      </Switch.Root>
      <p id={`${id}-help`} className="help">
        {option.help}
      </p>
    </div>
  );
}

function ChoiceField({ option, value, onChange }: FieldProps<ChoiceOption>) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{option.label}</label>
      <select
        id={id}
        value={String(value)}
        aria-describedby={`${id}-help`}
        onChange={(e) => onChange(e.target.value)}
      >
        {option.choices.map((c) => (
          <option key={c.value} value={c.value}>
            {c.label}
          </option>
        ))}
      </select>
      <p id={`${id}-help`} className="help">
        {option.help}
      </p>
    </div>
  );
}

function IntegersField({ option, value, onChange }: FieldProps<IntegersOption>) {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const read = typed === null ? null : readParams({ value: option }, { value: typed });
  const settle = () => {
    if (read && read.issues.length === 0) onChange(read.values.value);
    setTyped(null);
  };
  const problem = read?.issues[0]?.message;
  return (
    <div className="field">
      <label htmlFor={id}>{option.label}</label>
      <input
        id={id}
        className="field-number wide"
        value={typed ?? (Array.isArray(value) ? value.join(", ") : "")}
        aria-describedby={`${id}-help`}
        aria-invalid={problem !== undefined}
        onChange={(e) => setTyped(e.target.value)}
        onBlur={settle}
        onKeyDown={(e) => e.key === "Enter" && settle()}
      />
      <p id={`${id}-help`} className="help">
        {problem ?? option.help}
      </p>
    </div>
  );
}

/** The control for an option, whatever its kind. */
export function Field({ option, ...rest }: FieldProps<Option>) {
  switch (option.kind) {
    case "integer":
    case "number":
      return <NumberField option={option} {...rest} />;
    case "toggle":
      return <ToggleField option={option} {...rest} />;
    case "choice":
      return <ChoiceField option={option} {...rest} />;
    case "integers":
      return <IntegersField option={option} {...rest} />;
  }
}
