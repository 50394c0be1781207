/** Command-line arguments of the headless runner, checked. */
import { CACHE_STORAGES, type CacheStorage } from "../kernels/cache";
import { WEIGHT_STORAGES, type WeightStorage } from "../kernels/weights";
import { DecoscopeError } from "../base/errors";
import type { SamplerSettings } from "../trace/events";

export interface ModelArguments {
  /** A bundled id or a path to a directory in hub layout. */
  readonly model: string;
  readonly storage: WeightStorage;
  /** Of keys and values. */
  readonly cacheStorage: CacheStorage;
  readonly promptIds: readonly number[] | null;
}
export interface RunArguments extends ModelArguments {
  readonly command: "run";
  readonly draft: string | null;
  readonly method: string;
  readonly set: Readonly<Record<string, string>>;
  readonly prompt: string | null;
  readonly maxNewTokens: number;
  readonly sampler: SamplerSettings;
  readonly seed: number;
  readonly trace: string | null;
  readonly profile: boolean;
}
export interface LogitsArguments extends ModelArguments {
  readonly command: "logits";
  readonly out: string;
}
export interface ChatArguments extends ModelArguments {
  readonly command: "chat";
  /** Path of a JSON file. */
  readonly request: string;
}
export interface BenchmarkArguments extends ModelArguments {
  readonly command: "benchmark";
}
export interface MemoryArguments extends ModelArguments {
  readonly command: "memory";
}
export type Arguments =
  | RunArguments
  | LogitsArguments
  | ChatArguments
  | BenchmarkArguments
  | MemoryArguments
  | { readonly command: "methods" | "models" };

export const USAGE = `methods
models
run --model M [--draft D] --method ID [--set key=value ...] (--prompt TEXT | --prompt-ids 1,2,3)
    [--max-new-tokens N] [--temperature T] [--top-k K] [--top-p P] [--min-p P] [--repetition-penalty R]
    [--seed S] [--profile] [--trace FILE]
chat --model M --request FILE
logits --model M --prompt-ids 1,2,3 --out FILE
benchmark --model M
memory --model M
M and D are bundled ids or paths to directories in hub layout. How they are kept: [--storage f32|f16|int8|int4] of weights,
[--cache f32|f16|int8] of keys and values.`;

const fail = (message: string): never => {
  throw new DecoscopeError("method", message, USAGE);
};

/** Flags that stand alone. */
const SWITCHES = new Set(["--profile"]);

class Flags {
  private readonly values = new Map<string, string[]>();
  private readonly read = new Set<string>();

  constructor(argv: readonly string[]) {
    for (let i = 0; i < argv.length;) {
      const flag = argv[i++]!;
      if (!flag.startsWith("--")) fail(`Expected a flag such as --model, found "${flag}".`);
      if (flag === "--set") {
        const given: string[] = [];
        while (i < argv.length && !argv[i]!.startsWith("--")) given.push(argv[i++]!);
        this.add(flag, ...given);
      } else if (SWITCHES.has(flag)) this.add(flag, "");
      else if (i >= argv.length) fail(`${flag} needs a value.`);
      else this.add(flag, argv[i++]!);
    }
  }

  private add(flag: string, ...values: string[]): void {
    this.values.set(flag, [...(this.values.get(flag) ?? []), ...values]);
  }

  all(flag: string): readonly string[] {
    this.read.add(flag);
    return this.values.get(flag) ?? [];
  }
  text(flag: string): string | null {
    return this.all(flag).at(-1) ?? null;
  }
  required(flag: string): string {
    return this.text(flag) ?? fail(`${flag} is missing.`);
  }
  number(flag: string, fallback: number, min: number, max: number, isInteger: boolean): number {
    const given = this.text(flag);
    if (given === null) return fallback;
    const value = Number(given);
    if (given.trim() === "" || !(value >= min && value <= max) || (isInteger && !Number.isInteger(value)))
      fail(
        `${flag}: expected ${isInteger ? "an integer" : "a number"} from ${min} to ${max}, found "${given}".`,
      );
    return value;
  }
  /** One of the given words, the first of them unless the flag is there. */
  oneOf<T extends string>(flag: string, words: readonly [T, ...T[]]): T {
    const asked = this.text(flag);
    if (asked === null) return words[0];
    return (
      words.find((known) => known === asked) ??
      fail(`${flag}: expected one of ${words.join(", ")}, found "${asked}".`)
    );
  }
  /** @throws DecoscopeError if a flag was given that nobody asked for */
  finish(): void {
    const unknown = [...this.values.keys()].find((flag) => !this.read.has(flag));
    if (unknown !== undefined) fail(`There is no flag ${unknown} here.`);
  }
}

function ids(text: string | null): number[] | null {
  if (text === null) return null;
  const list = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(Number);
  if (list.length === 0 || !list.every((v) => Number.isInteger(v) && v >= 0))
    fail(`--prompt-ids: expected token ids such as 1,2,3, found "${text}".`);
  return list;
}

function modelArguments(flags: Flags): ModelArguments {
  return {
    model: flags.required("--model"),
    storage: flags.oneOf("--storage", WEIGHT_STORAGES),
    cacheStorage: flags.oneOf("--cache", CACHE_STORAGES),
    promptIds: ids(flags.text("--prompt-ids")),
  };
}

function runArguments(flags: Flags): RunArguments {
  const set: Record<string, string> = {};
  for (const pair of flags.all("--set")) {
    const at = pair.indexOf("=");
    if (at < 1) fail(`--set: expected key=value, found "${pair}".`);
    set[pair.slice(0, at)] = pair.slice(at + 1);
  }
  const parsed: RunArguments = {
    command: "run",
    ...modelArguments(flags),
    draft: flags.text("--draft"),
    method: flags.required("--method"),
    set,
    prompt: flags.text("--prompt"),
    maxNewTokens: flags.number("--max-new-tokens", 100, 1, 1_000_000, true),
    sampler: {
      temperature: flags.number("--temperature", 0, 0, 100, false),
      topK: flags.number("--top-k", 0, 0, 1_000_000, true),
      topP: flags.number("--top-p", 1, 0, 1, false),
      minP: flags.number("--min-p", 0, 0, 1, false),
      repetitionPenalty: flags.number("--repetition-penalty", 1, 0.01, 100, false),
    },
    seed: flags.number("--seed", 0, 0, 0xffffffff, true),
    trace: flags.text("--trace"),
    profile: flags.text("--profile") !== null,
  };
  if ((parsed.prompt === null) === (parsed.promptIds === null)) fail("Give either --prompt or --prompt-ids.");
  return parsed;
}

/** @throws DecoscopeError "method" with what was expected; its detail is the usage */
export function parseArguments(argv: readonly string[]): Arguments {
  const [command, ...rest] = argv;
  const flags = new Flags(rest);
  const parsed = ((): Arguments => {
    switch (command) {
      case "methods":
      case "models":
        return { command };
      case "run":
        return runArguments(flags);
      case "logits": {
        const model = modelArguments(flags);
        if (!model.promptIds) fail("--prompt-ids is missing.");
        return { command, ...model, out: flags.required("--out") };
      }
      case "chat":
        return { command, ...modelArguments(flags), request: flags.required("--request") };
      case "benchmark":
        return { command, ...modelArguments(flags) };
      case "memory":
        return { command, ...modelArguments(flags) };
      default:
        return fail(
          `Expected methods, models, run, chat, logits, benchmark or memory, found "${command ?? "nothing"}".`,
        );
    }
  })();
  flags.finish();
  return parsed;
}
