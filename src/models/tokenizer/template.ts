/**
 * Runs a chat template. Templates are programs that came with a checkpoint from anywhere, so they run with a bound on their
 * steps and on the text they make, and see nothing but the conversation.
 */
import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";

/** Steps of the interpreter: a real template takes some hundred for each message. */
const MOST_STEPS = 1_000_000;
/** Characters of any text on the way: far more than a context holds. */
const MOST_CHARACTERS = 4_000_000;
/** Entries of a `range()`. */
const MOST_ENTRIES = 100_000;

type Statement = Parameters<Interpreter["evaluate"]>[0];
type Value = ReturnType<Interpreter["evaluate"]>;

class BoundedInterpreter extends Interpreter {
  private steps = 0;

  override evaluate(statement: Statement, environment: Environment): Value {
    if (++this.steps > MOST_STEPS)
      throw new Error(`it takes more than ${MOST_STEPS} steps, as a program does that never ends`);
    const result = super.evaluate(statement, environment);
    if (typeof result.value === "string" && result.value.length > MOST_CHARACTERS)
      throw new Error(`it makes a text of more than ${MOST_CHARACTERS} characters`);
    return result;
  }
}

function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!(count <= MOST_ENTRIES)) throw new Error(`it asks for a range of ${count} entries`);
  return Array.from({ length: count }, (_, i) => from + i * step);
}

/** The date as templates ask for it; parts that no template uses stay as they are written. */
function strftime(format: string, now: Date): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  const month = (length: "long" | "short"): string =>
    new Intl.DateTimeFormat("en", { month: length }).format(now);
  const parts: Readonly<Record<string, () => string>> = {
    "%Y": () => String(now.getFullYear()),
    "%m": () => two(now.getMonth() + 1),
    "%d": () => two(now.getDate()),
    "%b": () => month("short"),
    "%B": () => month("long"),
    "%H": () => two(now.getHours()),
    "%M": () => two(now.getMinutes()),
    "%%": () => "%",
  };
  return format.replace(/%[YmdbBHM%]/g, (part) => parts[part]?.() ?? part);
}

/**
 * The text that a template makes of `values`, under the names that the hub's templates know.
 * @throws Error of the interpreter, or of a bound that was passed
 */
export function runTemplate(template: string, values: Readonly<Record<string, unknown>>): string {
  const program = parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true }));
  const environment = new Environment();
  const names: Readonly<Record<string, unknown>> = {
    false: false,
    true: true,
    none: null,
    False: false,
    True: true,
    None: null,
    // Absent, but defined: templates ask whether they are none.
    tools: null,
    documents: null,
    range,
    strftime_now: (format: string) => strftime(format, new Date()),
    raise_exception: (message: string) => {
      throw new Error(message);
    },
    ...values,
  };
  for (const [name, value] of Object.entries(names)) environment.set(name, value);
  const { value } = new BoundedInterpreter(environment).run(program);
  if (typeof value !== "string") throw new Error("it makes no text");
  return value;
}
