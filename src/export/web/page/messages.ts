/** What the page and its worker say to each other. */

/** Where the network is computed. */
export type Engine = "webgpu" | "wasm";

/** What the page asks. */
export type Request =
  | { readonly ask: "open"; readonly id: number; readonly model: string; readonly engine: Engine }
  | {
      readonly ask: "draw";
      readonly id: number;
      readonly count: number;
      /** [count, latent] */
      readonly latents: Float32Array;
      /** Classes int64 [count], or shares or conditions float [count, width]; undefined for a generator that takes none. */
      readonly labels: BigInt64Array | Float32Array | undefined;
    };

/** What it gets: the values of the samples, nothing after opening, or what went wrong. */
export type Answer = { readonly id: number; readonly values?: Float32Array; readonly error?: string };
