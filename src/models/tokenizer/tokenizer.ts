/** Text to tokens and back, over @huggingface/tokenizers; bytes of single tokens, special tokens, chat templates. */
import { Tokenizer as HubTokenizer } from "@huggingface/tokenizers";
import { DecoscopeError } from "../../base/errors";
import { checkFields } from "../config";
import { findBos } from "./bos";
import { findChatTemplate, renderTemplate, type ChatMessage, type TemplateOptions } from "./chat";
import { Detokenizer, type DetokenizerOptions, type Pieces } from "./detokenizer";
import { configSchema, tokenizerSchema, vocabEnd, type TokenizerConfig } from "./files";
import { findSpelling, type Spelling } from "./token_bytes";

/** What a model directory says of its tokenizer; JSON already parsed. */
export interface TokenizerFiles {
  /** tokenizer.json */
  readonly tokenizer: unknown;
  /** tokenizer_config.json; undefined if there is none. */
  readonly config: unknown;
  /** chat_template.jinja, which goes before a template in the config; null if there is none. */
  readonly chatTemplate: string | null;
  /** Bos id of the model's config.json. */
  readonly bosToken: number | null;
  /** Where the files came from, for messages. */
  readonly label: string;
}

/** What checkpoints call their mask whose tokenizer_config.json forgot it. */
const MASK_NAMES = ["<|mask|>", "<|MASK|>", "|<MASK>|", "<|mdm_mask|>"];

type HubModel = ConstructorParameters<typeof HubTokenizer>[0];

function openHubTokenizer(fields: HubModel, config: TokenizerConfig, file: string): HubTokenizer {
  try {
    return new HubTokenizer(fields, config);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new DecoscopeError(
      reason.startsWith("Unknown ") ? "unsupported" : "load",
      `${file}: the tokenizer cannot be used: ${reason}. Choose another model.`,
    );
  }
}

export class Tokenizer implements Pieces {
  /** One more than the highest id. */
  readonly size: number;
  /** The id put before every prompt; null if prompts start with their text. */
  readonly bosToken: number | null;
  /** The id that tokenizer_config.json names as end of text; null if it names none. */
  readonly endToken: number | null;
  /** The id of a position still to be filled, as tokenizer_config.json or a usual name says it; null for none. */
  readonly maskToken: number | null;
  /** Special tokens by their text. */
  readonly specialTokens: ReadonlyMap<string, number>;
  readonly dropsFirstSpace: boolean;
  readonly #label: string;
  readonly #hub: HubTokenizer;
  readonly #spelling: Spelling;
  /** Texts of added tokens, which are not spelled like the rest of the vocabulary. */
  readonly #added: ReadonlyMap<number, string>;
  readonly #specialIds: ReadonlySet<number>;
  readonly #chatTemplate: string | null;
  readonly #chatTokens: Readonly<Record<string, string>>;

  /**
   * @throws DecoscopeError `load` if a file is damaged, `unsupported` if it describes a kind of tokenizer that is not
   * known here
   */
  constructor(files: TokenizerFiles) {
    const file = `${files.label}/tokenizer.json`;
    const config = checkFields(configSchema, files.config ?? {}, `${files.label}/tokenizer_config.json`);
    const fields = checkFields(tokenizerSchema, files.tokenizer, file);
    this.#label = files.label;
    this.#spelling = findSpelling(fields.decoder, file);
    this.#hub = openHubTokenizer(fields, config, file);
    this.dropsFirstSpace = this.#spelling.dropsFirstSpace;

    const special = fields.added_tokens.filter((token) => token.special);
    this.#added = new Map(fields.added_tokens.map((token) => [token.id, token.content]));
    this.#specialIds = new Set(special.map((token) => token.id));
    this.specialTokens = new Map(special.map((token) => [token.content, token.id]));
    this.size = fields.added_tokens.reduce(
      (end, token) => Math.max(end, token.id + 1),
      vocabEnd(fields.model.vocab),
    );

    const idOf = (text: string): number | undefined => this.#hub.token_to_id(text);
    this.bosToken = findBos(fields.post_processor, config, files.bosToken, idOf);
    this.endToken = (config.eos_token === null ? undefined : idOf(config.eos_token)) ?? null;
    const masks = config.mask_token === null ? MASK_NAMES : [config.mask_token];
    this.maskToken = masks.map(idOf).find((id) => id !== undefined) ?? null;
    this.#chatTemplate = files.chatTemplate ?? findChatTemplate(config.chat_template);
    const named = Object.entries({
      bos_token: config.bos_token,
      eos_token: config.eos_token,
      pad_token: config.pad_token,
      unk_token: config.unk_token,
    });
    this.#chatTokens = Object.fromEntries(
      named.filter((entry): entry is [string, string] => entry[1] !== null),
    );
  }

  /**
   * Ids of a text, nothing added. Texts of special tokens within it become those tokens, as chat templates need.
   * @throws DecoscopeError `load` if the vocabulary cannot spell the text
   */
  encode(text: string): number[] {
    if (text === "") return [];
    const { ids } = this.#hub.encode(text, { add_special_tokens: false });
    if (
      !ids.every(
        (token: number | undefined) => token !== undefined && this.#hub.id_to_token(token) !== undefined,
      )
    )
      throw new DecoscopeError(
        "load",
        `${this.#label}/tokenizer.json has no token for a part of the text and names no unknown token. Remove unusual characters.`,
      );
    return ids;
  }

  /** Ids of a prompt: the text after the bos token, unless the text has it already or the model wants none. */
  encodePrompt(text: string): number[] {
    const ids = this.encode(text);
    return this.bosToken === null || ids[0] === this.bosToken ? ids : [this.bosToken, ...ids];
  }

  /** What the vocabulary has at an id, as it spells it; undefined for none. */
  entry(id: number): string | undefined {
    return this.#hub.id_to_token(id);
  }

  /** The first id that two tokenizers read differently; null if they read all alike. */
  firstDifference(other: Tokenizer): number | null {
    for (let id = 0; id < Math.max(this.size, other.size); id++)
      if (this.entry(id) !== other.entry(id)) return id;
    return null;
  }

  /** The text of tokens, special ones included unless left out; incomplete characters become U+FFFD. */
  decode(tokens: readonly number[], options?: DetokenizerOptions): string {
    const detokenizer = this.detokenizer(options);
    return tokens.map((token) => detokenizer.push(token)).join("") + detokenizer.flush();
  }

  /** A stream from tokens to text. */
  detokenizer(options?: DetokenizerOptions): Detokenizer {
    return new Detokenizer(this, options);
  }

  /** The exact bytes that a token adds to a text; none for ids outside the vocabulary (padding rows of the model). */
  bytes(token: number): Uint8Array {
    const added = this.#added.get(token);
    if (added !== undefined) return new TextEncoder().encode(added);
    const entry = this.#hub.id_to_token(token);
    return entry === undefined ? new Uint8Array() : this.#spelling.bytesOf(entry);
  }

  /** The text of a token alone, for drawing; U+FFFD where its bytes are no whole characters. */
  piece(token: number): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.bytes(token));
  }

  isSpecial(token: number): boolean {
    return this.#specialIds.has(token);
  }

  /** Whether {@link renderChat} can work. */
  get hasChatTemplate(): boolean {
    return this.#chatTemplate !== null;
  }

  /**
   * The text of a conversation, ending where the answer begins unless told otherwise; to be encoded with {@link encodePrompt}.
   * @throws DecoscopeError `unsupported` if the model has no chat template, `load` if the template fails
   */
  async renderChat(messages: readonly ChatMessage[], options?: TemplateOptions): Promise<string> {
    if (this.#chatTemplate === null)
      throw new DecoscopeError(
        "unsupported",
        `${this.#label} has no chat template: it continues texts and was not made for chat. Give it a text to continue.`,
      );
    return renderTemplate(this.#chatTemplate, messages, this.#chatTokens, this.#label, options);
  }
}
