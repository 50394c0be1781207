/** Compiled kernels, keyed by shader, variant and overrides; made asynchronously and once. */
import { DecoscopeError } from "../base/errors";
import type { Gpu } from "./device";
import { type Kernel, TEXTURE_BINDINGS, type Variant, variantLabel } from "./kernel";
import { type Includes, linkShader } from "./link";

export interface CompiledKernel {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly tensors: GPUBindGroupLayout;
}

const COMPUTE_STAGE = 0x4;

/** Floats of 32 bits need not be filterable, and are not filtered. */
const TEXTURE_LAYOUT: readonly GPUBindGroupLayoutEntry[] = [
  {
    binding: TEXTURE_BINDINGS.texels,
    visibility: COMPUTE_STAGE,
    texture: { sampleType: "unfilterable-float" },
  },
  { binding: TEXTURE_BINDINGS.nearest, visibility: COMPUTE_STAGE, sampler: { type: "non-filtering" } },
];

/** How far the kernels being built are: those asked for since none was under way. */
export interface BuildProgress {
  readonly done: number;
  readonly total: number;
  /** The kernel that was asked for or finished last. */
  readonly label: string;
}

export class Pipelines {
  /** Told when a kernel begins to be built and when it is. */
  onProgress: ((progress: BuildProgress) => void) | null = null;
  private done = 0;
  private total = 0;
  private readonly made = new Map<string, Promise<CompiledKernel>>();
  /** Layout of group 1: the params slot, with a dynamic offset. */
  readonly paramsLayout: GPUBindGroupLayout;
  /** Samples the nearest texel, for variants with a texture. */
  readonly sampler: GPUSampler;

  constructor(
    private readonly gpu: Gpu,
    private readonly includes: Includes,
  ) {
    this.sampler = gpu.device.createSampler();
    this.paramsLayout = gpu.device.createBindGroupLayout({
      label: "params",
      entries: [
        {
          binding: 0,
          visibility: COMPUTE_STAGE,
          buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: 0 },
        },
      ],
    });
  }

  /** @throws DecoscopeError "shader" with compiler messages mapped to files and lines */
  get(kernel: Kernel, variant: Variant): Promise<CompiledKernel> {
    const label = variantLabel(kernel, variant);
    let compiled = this.made.get(label);
    if (!compiled) {
      compiled = this.compile(kernel, variant, label);
      this.made.set(label, compiled);
      this.note(label, 0);
      compiled.then(
        () => this.note(label, 1),
        () => {
          this.note(label, 1);
          this.made.delete(label);
        },
      );
    }
    return compiled;
  }

  private note(label: string, done: 0 | 1): void {
    if (done === 0 && this.done === this.total) this.done = this.total = 0;
    if (done === 0) this.total++;
    else this.done++;
    this.onProgress?.({ done: this.done, total: this.total, label });
  }

  get count(): number {
    return this.made.size;
  }

  private async compile(kernel: Kernel, variant: Variant, label: string): Promise<CompiledKernel> {
    const { device } = this.gpu;
    const linked = linkShader(kernel, variant, this.includes);
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ label, code: linked.code });
    const tensors = device.createBindGroupLayout({
      label,
      entries: [
        ...[...kernel.reads, ...kernel.writes].map((_, binding) => ({
          binding,
          visibility: COMPUTE_STAGE,
          buffer: {
            type: binding < kernel.reads.length ? ("read-only-storage" as const) : ("storage" as const),
          },
        })),
        ...(variant.texture ? TEXTURE_LAYOUT : []),
      ],
    });
    const hasParams = Object.keys(kernel.params).length > 0;
    const layout = device.createPipelineLayout({
      label,
      bindGroupLayouts: hasParams ? [tensors, this.paramsLayout] : [tensors],
    });
    const constants = { ...kernel.overrides, ...variant.overrides };
    const building = device
      .createComputePipelineAsync({ label, layout, compute: { module, entryPoint: "main", constants } })
      .then(
        (pipeline) => ({ pipeline, failure: null }),
        (e: unknown) => ({ pipeline: null, failure: e }),
      );
    const scope = device.popErrorScope();
    const { pipeline, failure } = await building;
    const invalid = await scope;
    if (pipeline && !invalid) return { label, pipeline, tensors };

    const info = await module.getCompilationInfo();
    const messages = info.messages
      .filter((m) => m.type !== "info")
      .map((m) => {
        const at = linked.origin[m.lineNum - 1];
        return `${at ? `${at.file}:${at.line}` : "?"}:${m.linePos}: ${m.type}: ${m.message}`;
      });
    throw new DecoscopeError(
      "shader",
      `The kernel ${label} could not be built on this device. Please report it with the details below.`,
      [...messages, invalid?.message, failure instanceof Error ? failure.message : ""]
        .filter(Boolean)
        .join("\n"),
    );
  }
}
