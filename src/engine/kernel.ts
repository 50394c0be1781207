/**
 * What a kernel is: a WGSL text with named bindings, scalar params and overrides. Nothing here touches a device.
 * Group 0 holds the tensors in the order `reads` then `writes`; group 1, binding 0 holds `params` (uniform, 256-byte
 * slots). A variant may have a texture behind its tensors. tests/unit/kernels compares every definition with its WGSL by reflection.
 */

/** Bindings of a texture of floats and its sampler, behind all that a kernel's own tensors can have. */
export const TEXTURE_BINDINGS = { texels: 14, nearest: 15 } as const;

export type ScalarType = "u32" | "i32" | "f32";

export interface Kernel<R extends string = string, W extends string = string, P extends string = string> {
  /** Base name of shader, wrapper, reference, test and label. */
  readonly name: string;
  /** Text of the shader before linking. */
  readonly source: string;
  /** Bindings declared `var<storage, read>`, in order. */
  readonly reads: readonly R[];
  /** Bindings declared `var<storage, read_write>`, in order, after the reads. */
  readonly writes: readonly W[];
  /** Fields of `struct Params` in order; field i sits at byte 4 i. At most 64. */
  readonly params: Readonly<Record<P, ScalarType>>;
  /** Defaults of the pipeline-overridable constants. */
  readonly overrides: Readonly<Record<string, number>>;
}

/** Checks a definition's own rules and returns it with its names as types. */
export function defineKernel<
  const R extends string,
  const W extends string,
  const P extends string = never,
>(k: {
  name: string;
  source: string;
  reads: readonly R[];
  writes: readonly W[];
  params?: Readonly<Record<P, ScalarType>>;
  overrides?: Readonly<Record<string, number>>;
}): Kernel<R, W, P> {
  const bindings = [...k.reads, ...k.writes];
  if (bindings.length > 8)
    throw new Error(`kernel ${k.name}: ${bindings.length} bindings, the default limit is 8`);
  if (new Set(bindings).size !== bindings.length)
    throw new Error(`kernel ${k.name}: a binding name occurs twice`);
  const params = k.params ?? ({} as Readonly<Record<P, ScalarType>>);
  if (Object.keys(params).length > 64) throw new Error(`kernel ${k.name}: more than 64 params`);
  return {
    name: k.name,
    source: k.source,
    reads: k.reads,
    writes: k.writes,
    params,
    overrides: k.overrides ?? {},
  };
}

/** How one kernel is built for one device: which includes, which constants. Part of the pipeline's key and label. */
export interface Variant {
  /** What `real` means: the element type of activations' caches and half-width storage. */
  readonly real?: "f32" | "f16";
  /** Which file an `// @use name` line means, where there are several: `{ reduce: "subgroup" }`. */
  readonly uses?: Readonly<Record<string, string>>;
  /** `const NAME = value;` lines put before the shader: sizes of register tiles. */
  readonly consts?: Readonly<Record<string, number>>;
  /** Whether it reads a texture, in nearest texels: `texels` and `nearest` at the bindings of TEXTURE_BINDINGS in group 0. */
  readonly texture?: boolean;
  /** Values of pipeline-overridable constants where they differ from the kernel's defaults. */
  readonly overrides?: Readonly<Record<string, number>>;
}

/** One line that names a kernel and its variant, for labels, keys and reports: `matvec/f16+reduce.subgroup+TILE=4`. */
export function variantLabel(kernel: Kernel, v: Variant): string {
  const parts: string[] = [];
  if (v.real === "f16") parts.push("f16");
  for (const [k, f] of Object.entries(v.uses ?? {}).sort()) parts.push(`${k}.${f}`);
  for (const [k, n] of Object.entries({ ...v.consts, ...v.overrides }).sort()) parts.push(`${k}=${n}`);
  return parts.length ? `${kernel.name}/${parts.join("+")}` : kernel.name;
}
