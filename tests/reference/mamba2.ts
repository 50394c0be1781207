/**
 * Mamba-2 in float64, from the fields of config.json and the tensors of the checkpoint alone: token by token, as a plain recurrence.
 * @see Dao and Gu 2024, Transformers are SSMs, equation 1 and section 7; norms in groups as in the authors' own layer
 */
import type { Checkpoint } from "./decoder";
import { matvec, rmsNorm } from "./llama";

type Vector = Float64Array<ArrayBuffer>;

export const silu = (x: number): number => x / (1 + Math.exp(-x));
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** One output of a causal convolution: the newest `inputs` come last, what is before the text is 0. */
export function convolved(inputs: readonly number[], taps: ArrayLike<number>, bias: number): number {
  let sum = bias;
  for (let k = 0; k < taps.length; k++)
    sum += (inputs[inputs.length - taps.length + k] ?? 0) * (taps[k] as number);
  return silu(sum);
}

/** h = exp(dt rate) h + dt x B^T in place, [P, N]; returns h C + skip x. */
export function stateStep(
  h: Vector,
  { x, B, C, dt, rate, skip }: { x: Vector; B: Vector; C: Vector; dt: number; rate: number; skip: number },
): Vector {
  return x.map((value, p) => {
    let y = skip * value;
    for (let n = 0; n < B.length; n++) {
      const at = p * B.length + n;
      h[at] = Math.exp(dt * rate) * h[at]! + dt * value * B[n]!;
      y += h[at] * C[n]!;
    }
    return y;
  });
}

interface LayerState {
  /** By channel, all inputs so far. */
  readonly inputs: number[][];
  /** By head, [P, N]. */
  readonly states: Vector[];
}

/** Raw logits at every position. */
export function mamba2Logits({ config, tensors }: Checkpoint, tokens: readonly number[]): Vector[] {
  const field = (name: string): number => config[name] as number;
  const [D, L, H, P, N, G, K] = [
    "hidden_size",
    "num_hidden_layers",
    "num_heads",
    "head_dim",
    "state_size",
    "n_groups",
    "conv_kernel",
  ].map(field) as [number, number, number, number, number, number, number];
  const eps = field("layer_norm_epsilon");
  const weight = (name: string): Float32Array => tensors.get(name)!.values;
  const biasOf = (name: string, i: number): number => tensors.get(`${name}.bias`)?.values[i] ?? 0;
  const linear = (name: string, x: Vector): Vector =>
    matvec(weight(`${name}.weight`), x).map((v, i) => v + biasOf(name, i));
  const [least, most] = (config["time_step_limit"] as [number, number] | undefined) ?? [0, Infinity];
  const channels = H * P + 2 * G * N;
  const layers = Array.from({ length: L }, (): LayerState => ({
    inputs: Array.from({ length: channels }, () => []),
    states: Array.from({ length: H }, () => new Float64Array(P * N)),
  }));

  const mix = (at: string, x: Vector, { inputs, states }: LayerState): Vector => {
    const projected = linear(`${at}.in_proj`, x);
    const z = projected.subarray(0, H * P);
    const taps = weight(`${at}.conv1d.weight`);
    const mixed = Float64Array.from({ length: channels }, (_, c) => {
      inputs[c]!.push(projected[H * P + c]!);
      return convolved(inputs[c]!, taps.subarray(c * K, (c + 1) * K), biasOf(`${at}.conv1d`, c));
    });
    const gated = new Float64Array(H * P);
    for (let h = 0; h < H; h++) {
      const g = Math.floor(h / (H / G));
      const raw = projected[H * P + channels + h]! + weight(`${at}.dt_bias`)[h]!;
      stateStep(states[h]!, {
        x: mixed.slice(h * P, (h + 1) * P),
        B: mixed.slice(H * P + g * N, H * P + (g + 1) * N),
        C: mixed.slice(H * P + (G + g) * N, H * P + (G + g + 1) * N),
        dt: Math.min(most, Math.max(least, softplus(raw))),
        rate: -Math.exp(weight(`${at}.A_log`)[h]!),
        skip: weight(`${at}.D`)[h]!,
      }).forEach((y, p) => (gated[h * P + p] = y * silu(z[h * P + p]!)));
    }
    const size = (H * P) / G;
    for (let g = 0; g < G; g++) {
      const gain = weight(`${at}.norm.weight`).subarray(g * size, (g + 1) * size);
      gated.set(rmsNorm(gated.slice(g * size, (g + 1) * size), gain, eps), g * size);
    }
    return linear(`${at}.out_proj`, gated);
  };

  const embedding = weight("backbone.embeddings.weight");
  const head = config["tie_word_embeddings"] === true ? embedding : weight("lm_head.weight");
  return tokens.map((token) => {
    let x = Float64Array.from(embedding.subarray(token * D, (token + 1) * D));
    layers.forEach((state, l) => {
      const at = `backbone.layers.${l}`;
      const added = mix(`${at}.mixer`, rmsNorm(x, weight(`${at}.norm.weight`), eps), state);
      x = x.map((v, i) => v + added[i]!);
    });
    return matvec(head, rmsNorm(x, weight("backbone.norm_f.weight"), eps));
  });
}
