/**
 * A small Qwen3 that chats: random weights in the hub's names, with a template, special tokens and generation_config.json as such
 * checkpoints have them. Its head is made, not random: after each token it knows which one comes next, so that every answer
 * thinks, then answers, then ends by a stop token, whatever was asked.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { randomCheckpoint } from "./checkpoints";
import { ROOT } from "./repository";
import { jsonBytes, type ModelFiles } from "./tiny_model";

/** Tokens of the story models, those of a conversation, and rows of the embedding that no token has, as Qwen3 pads it. */
const STORY_VOCAB = 2048;
const ADDED = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>", "\n\n"] as const;
const VOCAB = 2056;
const idOf = (added: (typeof ADDED)[number]): number => STORY_VOCAB + ADDED.indexOf(added);

/** The width of all heads together differs from the model's, and keys have fewer heads than queries. */
const SIZES = { dim: 64, layers: 2, heads: 4, kvHeads: 2, headDim: 32, hidden: 128, context: 1024 };

/** Words of a thinking section and of an answer, by their number. */
export const CHAT_WORDS = { thinking: 14, answer: 240 };

/** As Qwen3 renders conversations, without its tools: thoughts of earlier turns are left out. */
export const QWEN3_TEMPLATE = `{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(last_query_index=messages|length - 1, is_searching=true) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.is_searching and message.role == "user" %}
        {%- set ns.is_searching = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if '</think>' in content %}
            {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and reasoning_content %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}`;

interface TokenizerFile {
  readonly added_tokens: object[];
  readonly model: { readonly vocab: Readonly<Record<string, number>> };
}

/** For each token of an answer the one before it. */
function predecessors({ model }: TokenizerFile): ReadonlyMap<number, number> {
  // Each word once: what follows depends on the last token alone.
  const words = Object.entries(model.vocab)
    .filter(([piece, id]) => id > 500 && /^Ġ[a-z]{3,}$/.test(piece))
    .map(([, id]) => id);
  const thinking = words.slice(0, CHAT_WORDS.thinking);
  const answer = words.slice(CHAT_WORDS.thinking, CHAT_WORDS.thinking + CHAT_WORDS.answer);
  // The template's last token before an answer is a line break, or an empty line behind a closed section.
  const chain = [
    ...[model.vocab["Ċ"]!, idOf("<think>"), ...thinking],
    ...[idOf("</think>"), idOf("\n\n"), ...answer, idOf("<|im_end|>")],
  ];
  return new Map(chain.slice(1).map((token, i) => [token, chain[i]!]));
}

function shapes(): Record<string, number[]> {
  const { dim, layers, heads, kvHeads, headDim, hidden } = SIZES;
  const all: Record<string, number[]> = { "model.embed_tokens.weight": [VOCAB, dim] };
  for (let l = 0; l < layers; l++) {
    const at = `model.layers.${l}`;
    Object.assign(all, {
      [`${at}.input_layernorm.weight`]: [dim],
      [`${at}.self_attn.q_proj.weight`]: [heads * headDim, dim],
      [`${at}.self_attn.k_proj.weight`]: [kvHeads * headDim, dim],
      [`${at}.self_attn.v_proj.weight`]: [kvHeads * headDim, dim],
      [`${at}.self_attn.o_proj.weight`]: [dim, heads * headDim],
      [`${at}.self_attn.q_norm.weight`]: [headDim],
      [`${at}.self_attn.k_norm.weight`]: [headDim],
      [`${at}.post_attention_layernorm.weight`]: [dim],
      [`${at}.mlp.gate_proj.weight`]: [hidden, dim],
      [`${at}.mlp.up_proj.weight`]: [hidden, dim],
      [`${at}.mlp.down_proj.weight`]: [dim, hidden],
    });
  }
  return { ...all, "model.norm.weight": [dim], "lm_head.weight": [VOCAB, dim] };
}

/** Files of the model. */
export function chatModel(): ModelFiles {
  const tokenizer = JSON.parse(
    readFileSync(join(ROOT, "public/models/story-target/tokenizer.json"), "utf8"),
  ) as TokenizerFile;
  const before = predecessors(tokenizer);
  const { dim, layers, heads, kvHeads, headDim, hidden, context } = SIZES;
  const config = {
    model_type: "qwen3",
    architectures: ["Qwen3ForCausalLM"],
    hidden_size: dim,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: headDim,
    intermediate_size: hidden,
    vocab_size: VOCAB,
    max_position_embeddings: context,
    rms_norm_eps: 1e-6,
    rope_theta: 1e6,
    rope_scaling: null,
    sliding_window: null,
    use_sliding_window: false,
    attention_bias: false,
    hidden_act: "silu",
    tie_word_embeddings: false,
    bos_token_id: idOf("<|endoftext|>"),
    eos_token_id: idOf("<|im_end|>"),
    torch_dtype: "float32",
  };
  const embedding = new Float32Array(VOCAB * dim);
  const { files } = randomCheckpoint(config, shapes(), 1, (name, value, i) => {
    if (name === "model.embed_tokens.weight") embedding[i] = value;
    // Layers say little beside the token itself, and the head knows each token's successor by its embedding.
    if (/(o|down)_proj/.test(name)) return 0.02 * value;
    const predecessor = name === "lm_head.weight" ? before.get(Math.floor(i / dim)) : undefined;
    if (predecessor !== undefined) return 3 * embedding[predecessor * dim + (i % dim)]!;
    return name === "lm_head.weight" ? 0.1 * value : value;
  });
  const added = ADDED.map((content) => ({
    id: idOf(content),
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    // As Qwen3 has it: tags of thinking are text, marks of the conversation are not.
    special: content.startsWith("<|"),
  }));
  files.set(
    "tokenizer.json",
    jsonBytes({ ...tokenizer, added_tokens: [...tokenizer.added_tokens, ...added] }),
  );
  files.set(
    "tokenizer_config.json",
    jsonBytes({
      add_bos_token: false,
      bos_token: null,
      eos_token: "<|im_end|>",
      pad_token: "<|endoftext|>",
      model_max_length: context,
      tokenizer_class: "Qwen2Tokenizer",
      chat_template: QWEN3_TEMPLATE,
    }),
  );
  files.set(
    "generation_config.json",
    jsonBytes({
      bos_token_id: idOf("<|endoftext|>"),
      do_sample: true,
      eos_token_id: [idOf("<|im_end|>"), idOf("<|endoftext|>")],
      pad_token_id: idOf("<|endoftext|>"),
      temperature: 0.6,
      top_k: 20,
      top_p: 0.95,
    }),
  );
  files.set("README.md", new TextEncoder().encode("# A chat model of random weights\n"));
  return files;
}
