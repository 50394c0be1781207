/**
 * WGSL of the loop over keys that the attention kernels share, in two forms. "plain" keeps queries and sums in arrays
 * under loops of constant length, which most compilers unroll into registers. SwiftShader does not, and reads arrays by
 * scattered loads: "written" has the loops over a head's vectors and over the query heads of one key head written out,
 * which more than doubles its speed. (lavapipe needs seconds to compile either, longer for the second.)
 */
import type { Includes } from "../engine/link";

/** Query heads of one key head that share the reading of keys and values, and vectors of 4 in a head. */
export interface HeadShape {
  /** More than 1 only where written out. */
  readonly queries: number;
  readonly vecs: number;
  readonly form: HeadForm;
  /** What the cache holds: vectors of `real`, or words of four whole numbers with a scale for each head. */
  readonly cache: "real" | "int8";
}
export const HEAD_FORMS = ["plain", "written"] as const;
export type HeadForm = (typeof HEAD_FORMS)[number];
export const MAX_HEAD_VECS = 64;
/** Vectors of queries, and as many of sums, up to which loops can be written out. */
export const MAX_WRITTEN_VECS = 16;

/** Name of the text after `head.`, as in `uses: { head: headName(shape) }`. */
export const headName = (s: HeadShape): string =>
  `${s.form}_q${s.queries}v${s.vecs}${s.cache === "int8" ? "_int8" : ""}`;

const list = (n: number, f: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => f(i)).join(", ");
const each = (n: number, f: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => f(i)).join("\n");

/**
 * `attend` looks at candidates first, first + step, ... of a view with the queries at q[q_at ..]. For each query it
 * asks the kernel's `factor(query, largest, total)` what to multiply with, then gives it each vector in `emit`.
 * @see Milakov and Gimelshein 2018 (online softmax)
 */
export function headText(shape: HeadShape): string {
  return shape.form === "written" ? writtenText(shape) : plainText(shape);
}

/** How a cache is read: the type of its elements, what comes before the loop, where key and value are, and one vector of them. */
interface CacheText {
  readonly element: string;
  readonly before: string;
  readonly places: string;
  readonly vector: (at: string) => string;
  /** Factors of the product with a key and of a value's weight. */
  readonly keyScale: string;
  readonly valueScale: string;
}
const CACHES: Readonly<Record<HeadShape["cache"], CacheText>> = {
  real: {
    element: "vec4<real>",
    before: "",
    places: `    let key = 2u * slot * kv_vecs + key_at;
    let value = key + kv_vecs;`,
    vector: (at) => `vec4<f32>(cache[${at}])`,
    keyScale: "",
    valueScale: "",
  },
  // As slotWords in kernels/cache.ts has it.
  int8: {
    element: "u32",
    before: `  let kv_heads = kv_vecs / HEAD_VECS;
  let slot_words = (2u * (kv_vecs + kv_heads) + 3u) / 4u * 4u;
  let scale_at = 2u * kv_vecs + key_at / HEAD_VECS;
`,
    places: `    let key = slot * slot_words + key_at;
    let value = key + kv_vecs;
    let key_scale = bitcast<f32>(cache[slot * slot_words + scale_at]);
    let value_scale = bitcast<f32>(cache[slot * slot_words + scale_at + kv_heads]);`,
    vector: (at) => `unpack4x8snorm(cache[${at}])`,
    keyScale: "key_scale * ",
    valueScale: "value_scale * ",
  },
};

function writtenText({ queries, vecs, cache }: HeadShape): string {
  const { element, before, places, vector, keyScale, valueScale } = CACHES[cache];
  return `// head: ${queries} queries of ${vecs} vectors, written by src/kernels/head.ts
alias Cached = ${element};
const HEAD_VECS = ${vecs}u;
const HEAD_QUERIES = ${queries}u;

fn attend(view: View, first: u32, step: u32, q_at: u32, key_at: u32, kv_vecs: u32) {
${before}${each(
    queries,
    (
      g,
    ) => `${each(vecs, (i) => `  let query${g}_${i} = params.scale * q[q_at + ${g * vecs + i}u];\n  var sum${g}_${i} = vec4<f32>();`)}
  var largest${g} = 2.0 * MASKED;
  var total${g} = 0.0;`,
  )}
  for (var k = first; k < view.count; k += step) {
    let slot = slot_of(view, k);
    if (slot >= params.slots) {
      continue;
    }
${places}
${each(queries, (g) => `    var products${g} = vec4<f32>();`)}
${each(
  vecs,
  (i) => `    {
      let c = ${vector(`key + ${i}u`)};
${each(queries, (g) => `      products${g} += query${g}_${i} * c;`)}
    }`,
)}
${each(
  queries,
  (g) => `    let logit${g} = ${keyScale}(products${g}.x + products${g}.y + products${g}.z + products${g}.w);
    if (logit${g} > largest${g}) {
      let shrink = exp(largest${g} - logit${g});
      largest${g} = logit${g};
      total${g} *= shrink;
${each(vecs, (i) => `      sum${g}_${i} *= shrink;`)}
    }
    let weight${g} = exp(logit${g} - largest${g});
    total${g} += weight${g};
    let share${g} = ${valueScale}weight${g};`,
)}
${each(
  vecs,
  (i) => `    {
      let c = ${vector(`value + ${i}u`)};
${each(queries, (g) => `      sum${g}_${i} += share${g} * c;`)}
    }`,
)}
  }
  // Results come last and once, so they may go through arrays; written out, their reductions would be long to compile.
  var sums = array(${list(queries * vecs, (i) => `sum${Math.floor(i / vecs)}_${i % vecs}`)});
  var heads = array(${list(queries, (g) => `vec2<f32>(largest${g}, total${g})`)});
  for (var g = 0u; g < HEAD_QUERIES; g++) {
    let times = factor(g, heads[g].x, heads[g].y);
    for (var i = 0u; i < HEAD_VECS; i++) {
      emit(g, i, sums[g * HEAD_VECS + i] * times);
    }
  }
}
`;
}

function plainText({ vecs, cache }: HeadShape): string {
  const { element, before, places, vector, keyScale, valueScale } = CACHES[cache];
  return `// head: one query of ${vecs} vectors, written by src/kernels/head.ts
alias Cached = ${element};
const HEAD_VECS = ${vecs}u;
const HEAD_QUERIES = 1u;

fn attend(view: View, first: u32, step: u32, q_at: u32, key_at: u32, kv_vecs: u32) {
${before}  var query: array<vec4<f32>, HEAD_VECS>;
  var sums: array<vec4<f32>, HEAD_VECS>;
  for (var i = 0u; i < HEAD_VECS; i++) {
    query[i] = params.scale * q[q_at + i];
  }
  var largest = 2.0 * MASKED;
  var total = 0.0;
  for (var k = first; k < view.count; k += step) {
    let slot = slot_of(view, k);
    if (slot >= params.slots) {
      continue;
    }
${places}
    var products = vec4<f32>();
    for (var i = 0u; i < HEAD_VECS; i++) {
      products += query[i] * ${vector("key + i")};
    }
    let logit = ${keyScale}(products.x + products.y + products.z + products.w);
    if (logit > largest) {
      let shrink = exp(largest - logit);
      largest = logit;
      total *= shrink;
      for (var i = 0u; i < HEAD_VECS; i++) {
        sums[i] *= shrink;
      }
    }
    let weight = exp(logit - largest);
    total += weight;
    let share = ${valueScale}weight;
    for (var i = 0u; i < HEAD_VECS; i++) {
      sums[i] += share * ${vector("value + i")};
    }
  }
  let times = factor(0u, largest, total);
  for (var i = 0u; i < HEAD_VECS; i++) {
    emit(0u, i, sums[i] * times);
  }
}
`;
}

/** Adds every head's text to `includes` under `head.` and its name, made when it is first read; returns `includes`. */
export function withHeads(includes: Includes): Includes {
  const add = (shape: HeadShape): void => {
    let text: string | undefined;
    Object.defineProperty(includes, `head.${headName(shape)}`, {
      enumerable: true,
      get: () => (text ??= headText(shape)),
    });
  };
  for (const cache of ["real", "int8"] as const) {
    for (let vecs = 1; vecs <= MAX_HEAD_VECS; vecs++) add({ queries: 1, vecs, form: "plain", cache });
    for (let vecs = 1; vecs <= MAX_WRITTEN_VECS; vecs++)
      for (let queries = 1; queries * vecs <= MAX_WRITTEN_VECS; queries++)
        add({ queries, vecs, form: "written", cache });
  }
  return includes;
}
