/**
 * Huginn in float64, from the fields of config.json and the tensors of the checkpoint alone; nothing of it is the engine's
 * but the noise that latents begin with. All rows of a text together, no cache.
 * @see Geiping et al. 2025, Scaling up Test-Time Compute with Latent Reasoning, section 3
 */
import type { Checkpoint } from "./decoder";
import { latentNoise } from "./latent";
import { matvec, rmsNorm, softmax } from "./llama";
import { rotateNeighbours } from "./recurrent";

type Vector = Float64Array<ArrayBuffer>;
const sum = (a: Vector, b: Vector): Vector => a.map((value, i) => value + b[i]!);

/** Raw logits [T][V] after `recurrences`, those of training unless given. */
export function huginnLogits(
  { config, tensors }: Checkpoint,
  tokens: readonly number[],
  recurrences = config["mean_recurrence"] as number,
): Vector[] {
  const field = (name: string): number => config[name] as number;
  const [D, H, eps] = [field("n_embd"), field("n_heads"), field("norm_eps")];
  const A = D / H;
  const { std, embed_scale: scale } = config["init_values"] as { std: number; embed_scale: number };
  const weight = (name: string): Float32Array => tensors.get(name)!.values;
  const norm = (name: string, x: Vector): Vector => rmsNorm(x, weight(`${name}.weight`), eps);

  const attention = (at: string, x: readonly Vector[]): Vector[] => {
    const bias = weight(`${at}.qk_bias`);
    const qkv = x.map((row) => matvec(weight(`${at}.Wqkv.weight`), row));
    const turned = (t: number, which: 0 | 1): Vector => {
      const plain = qkv[t]!.slice(which * D, (which + 1) * D).map((v, i) => v + bias[which * D + i]!);
      return rotateNeighbours(plain, t, A, field("rope_base"));
    };
    const keys = x.map((_, t) => turned(t, 1));
    return x.map((_, t) => {
      const query = turned(t, 0);
      const mixed = new Float64Array(D);
      for (let h = 0; h < D; h += A) {
        const scores = keys
          .slice(0, t + 1)
          .map((key) => query.slice(h, h + A).reduce((all, q, i) => all + q * key[h + i]!, 0) / Math.sqrt(A));
        softmax(Float64Array.from(scores)).forEach((share, s) => {
          for (let i = h; i < h + A; i++) mixed[i]! += share * qkv[s]![2 * D + i]!;
        });
      }
      return matvec(weight(`${at}.proj.weight`), mixed);
    });
  };
  const feedForward = (at: string, x: Vector): Vector => {
    const both = matvec(weight(`${at}.fc.weight`), x);
    const F = both.length / 2;
    const gated = both.slice(0, F).map((g, i) => (g / (1 + Math.exp(-g))) * both[F + i]!);
    return matvec(weight(`${at}.proj.weight`), gated);
  };
  const blocks = (part: string, count: number, input: readonly Vector[]): Vector[] => {
    let x = [...input];
    for (let l = 0; l < count; l++) {
      const at = `transformer.${part}.${l}`;
      const attended = attention(
        `${at}.attn`,
        x.map((row) => norm(`${at}.norm_1`, row)),
      );
      x = x.map((row, t) => norm(`${at}.norm_2`, sum(attended[t]!, row)));
      x = x.map((row) => norm(`${at}.norm_4`, sum(feedForward(`${at}.mlp`, norm(`${at}.norm_3`, row)), row)));
    }
    return x;
  };

  const embedding = weight("transformer.wte.weight");
  const looked = tokens.map((id) =>
    Float64Array.from(embedding.subarray(id * D, (id + 1) * D), (v) => v * scale),
  );
  const injected = blocks("prelude", field("n_layers_in_prelude"), looked);
  let state: Vector[] = tokens.map((_, t) => latentNoise(0, t, D, std * scale));
  for (let r = 0; r < recurrences; r++) {
    const joined = state.map((row, t) => Float64Array.from([...row, ...injected[t]!]));
    const adapted = joined.map((row) => matvec(weight("transformer.adapter.weight"), row));
    state = blocks("core_block", field("n_layers_in_recurrent_block"), adapted);
  }
  const read = state.map((row) => norm("transformer.ln_f", row));
  const out = blocks("coda", field("n_layers_in_coda"), read);
  return out.map((row) => matvec(embedding, norm("transformer.ln_f", row)));
}
