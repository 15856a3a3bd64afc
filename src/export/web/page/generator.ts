/** The generator as the page uses it: latents and labels in, samples out. */
import type { PageSettings } from "../settings.ts";
import { type Inputs, scaled } from "./inputs.ts";
import { latentOf } from "./latents.ts";
import type { Answer, Engine, Request } from "./messages.ts";

/** A generator whose network has been loaded and compared with Gantry's own sample. */
export class PageGenerator {
  readonly settings: PageSettings;
  /** Where the network is computed. */
  engine: Engine = "wasm";
  /** Why it is not computed on a GPU that is there; undefined where it is, and where there is none. */
  gpuFault: string | undefined;
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  readonly #waiting = new Map<number, { resolve(values: Float32Array): void; reject(error: Error): void }>();
  #asked = 0;

  private constructor(settings: PageSettings) {
    this.settings = settings;
    this.#worker.addEventListener("message", ({ data: { id, values, error } }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(values ?? new Float32Array());
      else waiting?.reject(new Error(error));
    });
    this.#worker.addEventListener("error", ({ message }) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(message || "the worker could not be started"));
      this.#waiting.clear();
    });
  }

  /**
   * Loads the network: on the GPU where there is one and its samples are Gantry's, else by WebAssembly.
   * @throws Error when neither makes them.
   */
  static async open(settings: PageSettings): Promise<PageGenerator> {
    const generator = new PageGenerator(settings);
    if (await hasGpu()) {
      try {
        await generator.#use("webgpu");
        return generator;
      } catch (error) {
        generator.gpuFault = (error as Error).message;
      }
    }
    await generator.#use("wasm");
    return generator;
  }

  /** Samples [N, ...], row-major. */
  draw(inputs: readonly Inputs[]): Promise<Float32Array> {
    const { latent, labels: taken } = this.settings;
    const count = inputs.length;
    const latents = new Float32Array(count * latent);
    for (const [i, input] of inputs.entries()) latents.set(input.latent, i * latent);
    let labels: BigInt64Array | Float32Array | undefined;
    if (taken === "classes") labels = BigInt64Array.from(inputs, ({ label }) => BigInt(label as number));
    else if (taken !== "none") {
      labels = Float32Array.from(inputs.flatMap(({ label }) => [...(label as Float32Array)]));
    }
    return this.#ask({ ask: "draw", id: this.#asked++, count, latents, labels });
  }

  async #use(engine: Engine): Promise<void> {
    const { model, check } = this.settings;
    this.engine = engine;
    await this.#ask({
      ask: "open",
      id: this.#asked++,
      model: new URL(model, document.baseURI).href,
      engine,
    });
    const [label, latent] = [firstLabel(this.settings), latentOf(check.seed, this.settings)];
    const values = await this.draw([{ latent, label }]);
    const difference = check.values.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (values[i] ?? Number.NaN))),
      0,
    );
    // Not a number is no match either.
    if (difference <= check.tolerance) return;
    throw new Error(`its samples differ from Gantry's by ${difference.toPrecision(2)}`);
  }

  #ask(request: Request): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.id, { resolve, reject });
      this.#worker.postMessage(request);
    });
  }
}

/** The label of the sample that {@link PageSettings.check} holds. */
function firstLabel({ labels, classes, conditions }: PageSettings): number | Float32Array {
  if (labels === "shares") return Float32Array.from(classes, (_, i) => (i === 0 ? 1 : 0));
  if (labels === "conditions") return Float32Array.from(conditions, (condition) => scaled(condition, condition.mean));
  return 0;
}

/** Whether there is a GPU. One that is computed by the CPU is slower than WebAssembly. */
async function hasGpu(): Promise<boolean> {
  try {
    const adapter = await navigator.gpu?.requestAdapter();
    return adapter !== null && adapter !== undefined && !adapter.info.isFallbackAdapter;
  } catch {
    return false;
  }
}
