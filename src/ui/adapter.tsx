/** The name of a GPU, or of what stands in for one, as a person would say it. */

/** Vendors that adapters name in lower case. */
const VENDORS: Readonly<Record<string, string>> = {
  amd: "AMD",
  apple: "Apple",
  arm: "Arm",
  google: "Google",
  intel: "Intel",
  microsoft: "Microsoft",
  nvidia: "NVIDIA",
  qualcomm: "Qualcomm",
};

/** Adapters that are programs, and the names of these. */
const PROGRAMS: readonly (readonly [RegExp, string])[] = [
  [/llvmpipe/i, "Mesa llvmpipe"],
  [/swiftshader/i, "SwiftShader"],
];

/** Vendor, architecture, device and driver run into one another: what stands there twice is left out. */
function hardwareName(adapter: string): string {
  const [first = "", ...rest] = adapter.split(" ");
  const words = [VENDORS[first.toLowerCase()] ?? first, ...rest];
  return words.filter((word, i) => words.indexOf(word) === i).join(" ");
}

/**
 * @param adapter as the device names itself (`Gpu.adapter`), in a trace, a result or here
 * @param isSoftware where that is known besides the name
 * @returns such as "Mesa llvmpipe (LLVM 15.0.6), software"
 */
export function adapterName(adapter: string, isSoftware = false): string {
  const program = PROGRAMS.find(([sign]) => sign.test(adapter))?.[1];
  if (program === undefined) return hardwareName(adapter) + (isSoftware ? ", software" : "");
  const compiler = /\bLLVM (\d+(?:\.\d+)*)/.exec(adapter)?.[1];
  return `${program}${compiler === undefined ? "" : ` (LLVM ${compiler})`}, software`;
}

/** That name, with what the device says of itself for whoever points at it. */
export function AdapterName({ of, isSoftware }: { readonly of: string; readonly isSoftware?: boolean }) {
  return <span title={of}>{adapterName(of, isSoftware)}</span>;
}
