/**
 * Decoders of several families in float64, from the fields of config.json and the tensors of the checkpoint alone: nothing
 * here is the engine's, neither how it reads a configuration nor what it calls a weight. One loop over rows, no cache.
 * @see Touvron et al. 2023 (Llama 2), Grattafiori et al. 2024 (Llama 3), Yang et al. 2025 (Qwen3), Gemma Team 2025
 * (Gemma 3), Nie et al. 2025 (LLaDA), Ye et al. 2025 (Dream), Wu et al. 2025 (Fast-dLLM v2)
 */
import { matvec, rmsNorm, softmax } from "./llama";

type Vector = Float64Array<ArrayBuffer>;
type Fields = Readonly<Record<string, unknown>>;

export interface Checkpoint {
  /** config.json */
  readonly config: Fields;
  /** By the checkpoint's names. */
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;
}

interface Rope {
  readonly theta: number;
  readonly scaling: Fields | null;
}

/**
 * Radians a position for each pair of a head.
 * @see Llama 3.1, rotary scaling by wavelength; Peng et al. 2023, YaRN, section 3.2, with the ramp over pairs as released
 */
function frequencies({ theta, scaling }: Rope, headDim: number): number[] {
  return Array.from({ length: headDim / 2 }, (_, i) => {
    const plain = 1 / theta ** ((2 * i) / headDim);
    const kind = scaling?.["rope_type"] ?? scaling?.["type"] ?? "default";
    if (kind === "default") return plain;
    const factor = scaling!["factor"] as number;
    if (kind === "linear") return plain / factor;
    const trained = scaling!["original_max_position_embeddings"] as number;
    if (kind === "yarn") {
      /** The pair whose wavelength divides the trained positions into so many turns. */
      const pair = (turns: number): number =>
        (headDim / 2) * (Math.log(trained / (turns * 2 * Math.PI)) / Math.log(theta));
      const begin = Math.max(Math.floor(pair((scaling!["beta_fast"] as number | undefined) ?? 32)), 0);
      const end = Math.min(Math.ceil(pair((scaling!["beta_slow"] as number | undefined) ?? 1)), headDim - 1);
      const ramp = i <= begin ? 0 : i >= end ? 1 : (i - begin) / (end - begin);
      return plain * (1 - ramp) + (plain / factor) * ramp;
    }
    const low = scaling!["low_freq_factor"] as number;
    const high = scaling!["high_freq_factor"] as number;
    const wavelength = (2 * Math.PI) / plain;
    if (wavelength < trained / high) return plain;
    if (wavelength > trained / low) return plain / factor;
    const smooth = (trained / wavelength - low) / (high - low);
    return ((1 - smooth) * plain) / factor + smooth * plain;
  });
}

/** What YaRN multiplies turned queries and keys by; 1 elsewhere. @see YaRN, equation 22 */
const yarnGain = (scaling: Fields | null): number =>
  scaling?.["rope_type"] === "yarn" ? 0.1 * Math.log(scaling["factor"] as number) + 1 : 1;

function turned(x: Vector, position: number, speeds: readonly number[]): Vector {
  const half = speeds.length;
  const y = new Float64Array(x.length);
  for (let head = 0; head < x.length; head += 2 * half)
    speeds.forEach((speed, i) => {
      const [a, b] = [x[head + i]!, x[head + half + i]!];
      y[head + i] = a * Math.cos(position * speed) - b * Math.sin(position * speed);
      y[head + half + i] = a * Math.sin(position * speed) + b * Math.cos(position * speed);
    });
  return y;
}

const silu = (g: number): number => g / (1 + Math.exp(-g));
const geluTanh = (g: number): number =>
  (g / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (g + 0.044715 * g * g * g)));

/** LLaDA calls the parts of a layer otherwise; in the order of HUB. */
const HUB =
  "input_layernorm self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj post_attention_layernorm mlp.gate_proj mlp.up_proj mlp.down_proj".split(
    " ",
  );
const LLADA = "attn_norm q_proj k_proj v_proj attn_out ff_norm ff_proj up_proj ff_out".split(" ");

/** Raw logits of every row of one forward over `tokens`, [T][V]. */
export function decoderLogits({ config: c, tensors }: Checkpoint, tokens: readonly number[]): Vector[] {
  const type = c["model_type"] as string;
  const isLlada = type === "llada";
  const isGemma = type === "gemma3_text";
  const number = (...keys: string[]): number => keys.map((k) => c[k]).find((v) => v != null) as number;
  const D = number("hidden_size", "d_model");
  const L = number("num_hidden_layers", "n_layers");
  const H = number("num_attention_heads", "n_heads");
  const K = number("num_key_value_heads", "n_kv_heads");
  const A = (c["head_dim"] as number | undefined) ?? D / H;
  const eps = number("rms_norm_eps");
  const weight = (name: string): Float32Array => {
    const found = tensors.get(name);
    if (!found) throw new Error(`the reference misses ${name}`);
    return found.values;
  };
  /** W x + b, b being there or not. */
  const linear = (name: string, x: Vector): Vector => {
    const b = tensors.get(`${name}.bias`)?.values;
    return matvec(weight(`${name}.weight`), x).map((v, i) => v + (b?.[i] ?? 0));
  };
  const norm = (name: string, x: Vector): Vector =>
    rmsNorm(
      x,
      Array.from(weight(`${name}.weight`), (g) => (isGemma ? 1 + g : g)),
      eps,
    );
  const heads = (name: string, x: Vector): Vector => {
    if (!tensors.has(`${name}.weight`)) return x;
    const y = new Float64Array(x.length);
    for (let at = 0; at < x.length; at += A) y.set(norm(name, x.slice(at, at + A)), at);
    return y;
  };

  const prefix = isLlada ? "model.transformer.blocks" : "model.layers";
  const names = isLlada ? LLADA : HUB;
  const types = c["layer_types"] as readonly string[] | undefined;
  const noRope = c["no_rope_layers"] as readonly number[] | undefined;
  const parameters = c["rope_parameters"] as Fields | undefined;
  const slides = (l: number): boolean => {
    if (types) return types[l] === "sliding_attention";
    if (isGemma) return (l + 1) % (number("sliding_window_pattern") || 6) !== 0;
    return c["use_sliding_window"] === true && l >= number("max_window_layers");
  };
  const ropeOf = (l: number): number[] | null => {
    if (type === "smollm3" && (noRope ? noRope[l] === 0 : (l + 1) % 4 === 0)) return null;
    if (isGemma && slides(l)) return frequencies({ theta: number("rope_local_base_freq"), scaling: null }, A);
    const scaling = (parameters ?? c["rope_scaling"] ?? null) as Fields | null;
    return frequencies(
      { theta: (scaling?.["rope_theta"] as number | undefined) ?? number("rope_theta"), scaling },
      A,
    );
  };
  const isMasked = isLlada || type === "Dream" || type.startsWith("a2d-") || type === "Fast_dLLM_Qwen";
  const block = number("bd_size", "block_size") as number | undefined;
  const sees = (l: number, row: number, other: number): boolean => {
    if (isMasked) return !block || Math.floor(other / block) <= Math.floor(row / block);
    return other <= row && (!slides(l) || row - other < number("sliding_window"));
  };
  const scale = (isGemma ? number("query_pre_attn_scalar") : A) ** -0.5;
  const embed = weight(isLlada ? "model.transformer.wte.weight" : "model.embed_tokens.weight");
  let x = tokens.map((token) =>
    Float64Array.from(embed.subarray(token * D, (token + 1) * D), (v) => v * (isGemma ? Math.sqrt(D) : 1)),
  );
  for (let l = 0; l < L; l++) {
    const [n1, wq, wk, wv, wo, n2, gate, up, down] = names.map((name) => `${prefix}.${l}.${name}`) as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const speeds = ropeOf(l);
    const gain = yarnGain((parameters ?? c["rope_scaling"] ?? null) as Fields | null);
    const turn = (v: Vector, t: number): Vector =>
      speeds ? turned(v, t, speeds).map((value) => gain * value) : v;
    const normed = x.map((row) => norm(n1, row));
    const q = normed.map((row, t) => turn(heads(`${prefix}.${l}.self_attn.q_norm`, linear(wq, row)), t));
    const k = normed.map((row, t) => turn(heads(`${prefix}.${l}.self_attn.k_norm`, linear(wk, row)), t));
    const v = normed.map((row) => linear(wv, row));
    const attended = q.map((query, t) => {
      const seen = tokens.flatMap((_, s) => (sees(l, t, s) ? [s] : []));
      const mixed = new Float64Array(H * A);
      for (let h = 0; h < H; h++) {
        const g = Math.floor(h / (H / K));
        const products = seen.map((s) => {
          let sum = 0;
          for (let i = 0; i < A; i++) sum += query[h * A + i]! * k[s]![g * A + i]!;
          return sum * scale;
        });
        const shares = softmax(Float64Array.from(products));
        seen.forEach((s, j) => {
          for (let i = 0; i < A; i++) mixed[h * A + i]! += shares[j]! * v[s]![g * A + i]!;
        });
      }
      return linear(wo, mixed);
    });
    const add = (rows: readonly Vector[], post: string): void => {
      x = x.map((row, t) => {
        const added = isGemma ? norm(`${prefix}.${l}.${post}`, rows[t]!) : rows[t]!;
        return row.map((value, i) => value + added[i]!);
      });
    };
    add(attended, "post_attention_layernorm");
    const before = isGemma ? `${prefix}.${l}.pre_feedforward_layernorm` : n2;
    add(
      x.map((row) => {
        const inner = norm(before, row);
        const u = linear(up, inner);
        return linear(
          down,
          linear(gate, inner).map((value, i) => (isGemma ? geluTanh(value) : silu(value)) * u[i]!),
        );
      }),
      "post_feedforward_layernorm",
    );
  }
  const headName = isLlada ? "model.transformer.ff_out.weight" : "lm_head.weight";
  const isTied = (c["tie_word_embeddings"] ?? c["weight_tying"] ?? (isGemma || type === "smollm3")) === true;
  const head = isTied ? embed : weight(headName);
  const last = isLlada ? "model.transformer.ln_f" : "model.norm";
  return x.map((row) => matvec(head, norm(last, row)));
}
