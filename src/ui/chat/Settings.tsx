/** How answers are made: system prompt, chance, length, thinking, format. */
import { useId } from "react";
import { integer, number } from "../../base/params";
import { NumberField } from "../form/fields";
import { change, useChat, type ChatSettings } from "./store";

const TEMPERATURE = number({
  default: 0.7,
  min: 0,
  max: 2,
  step: 0.05,
  label: "Temperature",
  help: "0 takes the most probable token every time; larger values give rarer ones a chance.",
});
const MOST = integer({
  default: 200,
  min: 1,
  max: 2000,
  label: "Tokens of an answer",
  help: "At most; it may end earlier.",
});

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly help: string;
  readonly value: T;
  readonly choices: readonly (readonly [T, string])[];
  readonly onChange: (value: T) => void;
}

function Choice<T extends string>({ label, help, value, choices, onChange }: ChoiceProps<T>) {
  const id = useId();
  return (
    <div className="pick">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-describedby={`${id}-help`}
        onChange={(e) => onChange(choices.find(([v]) => v === e.target.value)![0])}
      >
        {choices.map(([v, text]) => (
          <option key={v} value={v}>
            {text}
          </option>
        ))}
      </select>
      <p id={`${id}-help`} className="help">
        {help}
      </p>
    </div>
  );
}

export function Settings() {
  const settings = useChat((s) => s.settings);
  const { system, temperature, maxTokens, thinks, format, schema, recordsCandidates } = settings;
  const id = useId();
  const as = (change_: Partial<ChatSettings>) => change(change_);
  return (
    <details className="more chat-settings" data-testid="chat-settings">
      <summary>Settings</summary>
      <div className="pick">
        <label htmlFor={`${id}-system`}>System prompt</label>
        <textarea
          id={`${id}-system`}
          rows={2}
          value={system}
          placeholder="What the model is told before the conversation"
          onChange={(e) => as({ system: e.target.value })}
        />
      </div>
      <NumberField
        option={TEMPERATURE}
        value={temperature}
        onChange={(v) => as({ temperature: Number(v) })}
      />
      <NumberField option={MOST} value={maxTokens} onChange={(v) => as({ maxTokens: Number(v) })} />
      <Choice<ChatSettings["thinks"]>
        label="Thinking"
        help="For models that can think before they answer, such as Qwen3 and SmolLM3. Others do not heed it."
        value={thinks}
        choices={[
          ["model", "as the model does by itself"],
          ["yes", "yes"],
          ["no", "no"],
        ]}
        onChange={(value) => as({ thinks: value })}
      />
      <Choice<ChatSettings["format"]>
        label="Form of answers"
        help="JSON is whole and satisfies the schema whatever the model would rather write: other tokens have no probability."
        value={format}
        choices={[
          ["text", "free text"],
          ["json", "a JSON object"],
          ["schema", "JSON by a schema"],
        ]}
        onChange={(value) => as({ format: value })}
      />
      {format === "schema" && (
        <div className="pick">
          <label htmlFor={`${id}-schema`}>JSON schema</label>
          <textarea
            id={`${id}-schema`}
            className="chat-schema"
            rows={7}
            spellCheck={false}
            value={schema}
            onChange={(e) => as({ schema: e.target.value })}
          />
        </div>
      )}
      <label className="check">
        <input
          type="checkbox"
          checked={recordsCandidates}
          onChange={(e) => as({ recordsCandidates: e.target.checked })}
        />{" "}
        Record what else was likely at every token
      </label>
      <p className="help">
        Shown when you open how an answer was decoded. The GPU then waits for the page after each token.
      </p>
    </details>
  );
}
