/**
 * Ouro in float64, from the fields of config.json and the tensors of the checkpoint alone: position by position, loop by
 * loop, with keys and values of every loop kept.
 * @see Zhu et al. 2025, Scaling Latent Reasoning via Looped Language Models, section 3
 */
import type { Checkpoint } from "./decoder";
import { matvec, rmsNorm, rotate, softmax } from "./llama";

type Vector = Float64Array<ArrayBuffer>;
const add = (a: Vector, b: Vector): Vector => a.map((value, i) => value + b[i]!);

/** What a position did. */
export interface OuroPosition {
  /** Loops it ran. */
  readonly depth: number;
  /** Of every loop it ran: the gate's probability, and raw logits. */
  readonly gates: readonly number[];
  readonly logits: readonly Vector[];
}

/**
 * @param threshold positions stop after the first loop until which they have stopped with this probability; what they did
 * not run, later ones see as they left it. 1: all loops.
 */
export function ouroPositions(
  { config, tensors }: Checkpoint,
  tokens: readonly number[],
  threshold = 1,
  loops = config["total_ut_steps"] as number,
): OuroPosition[] {
  const field = (name: string): number => config[name] as number;
  const [D, H, K, L] = ["hidden_size", "num_attention_heads", "num_key_value_heads", "num_hidden_layers"].map(
    field,
  ) as [number, number, number, number];
  const A = field("head_dim");
  const weight = (name: string): Float32Array => tensors.get(name)!.values;
  const norm = (name: string, x: Vector): Vector =>
    rmsNorm(x, weight(`${name}.weight`), field("rms_norm_eps"));
  const linear = (name: string, x: Vector): Vector => matvec(weight(`${name}.weight`), x);
  /** Keys and values by position, loop and layer. */
  const banks: { key: Vector; value: Vector }[][][] = [];

  const layer = (l: number, x: Vector, position: number, loop: number): Vector => {
    const at = `model.layers.${l}`;
    const input = norm(`${at}.input_layernorm`, x);
    const turned = (name: string): Vector =>
      rotate(linear(`${at}.self_attn.${name}_proj`, input), position, A, field("rope_theta"));
    const query = turned("q");
    banks[position]![loop]![l] = { key: turned("k"), value: linear(`${at}.self_attn.v_proj`, input) };
    const seen = banks.map((ran) => ran[Math.min(loop, ran.length - 1)]![l]!);
    const mixed = new Float64Array(H * A);
    for (let h = 0; h < H; h++) {
      const k = Math.floor(h / (H / K)) * A;
      const scores = seen.map(({ key }) => {
        let product = 0;
        for (let i = 0; i < A; i++) product += query[h * A + i]! * key[k + i]!;
        return product / Math.sqrt(A);
      });
      softmax(Float64Array.from(scores)).forEach((share, s) => {
        for (let i = 0; i < A; i++) mixed[h * A + i]! += share * seen[s]!.value[k + i]!;
      });
    }
    const attended = add(x, norm(`${at}.input_layernorm_2`, linear(`${at}.self_attn.o_proj`, mixed)));
    const fed = norm(`${at}.post_attention_layernorm`, attended);
    const up = linear(`${at}.mlp.up_proj`, fed);
    const hidden = linear(`${at}.mlp.gate_proj`, fed).map((g, i) => (g / (1 + Math.exp(-g))) * up[i]!);
    return add(attended, norm(`${at}.post_attention_layernorm_2`, linear(`${at}.mlp.down_proj`, hidden)));
  };

  return tokens.map((token, position) => {
    banks[position] = [];
    let x = Float64Array.from(weight("model.embed_tokens.weight").subarray(token * D, (token + 1) * D));
    const gates: number[] = [];
    const logits: Vector[] = [];
    let left = 1;
    for (let loop = 0; loop < loops; loop++) {
      banks[position].push([]);
      for (let l = 0; l < L; l++) x = layer(l, x, position, loop);
      x = norm("model.norm", x);
      logits.push(linear("lm_head", x));
      const open = linear("model.early_exit_gate", x)[0]! + weight("model.early_exit_gate.bias")[0]!;
      gates.push(1 / (1 + Math.exp(-open)));
      left *= 1 - gates.at(-1)!;
      if (1 - left >= threshold) break;
    }
    return { depth: gates.length, gates, logits };
  });
}
