/** Data that are vectors, as training sees them: a source of batches without end. */
import type { Descriptor } from "../base/descriptor.ts";
import type { Device, Tensor } from "../tensor/index.ts";
import type { Condition } from "./conditions.ts";
import type { DataLoader } from "./loader.ts";
import type { DataContext } from "./pack.ts";

/** How batches are drawn. */
export interface VectorLoaderOptions {
  /** Vectors in a batch, B. */
  readonly batchSize: number;
  /** Seed of every draw. */
  readonly seed: number;
  /** Where batches are put; default "cpu". */
  readonly device?: Device | undefined;
}

/** Isotropic Gaussians of one width and one weight: what the samples of a generator are compared with. */
export interface Mixture {
  /** The mean of each mode. */
  readonly centres: readonly (readonly [x: number, y: number])[];
  /** Standard deviation of every mode along each axis. */
  readonly sigma: number;
}

/** A source of vectors. */
export interface VectorData {
  /** Name for people, such as "mixture of 25 Gaussians (grid)". */
  readonly name: string;
  /** Length of a vector. */
  readonly features: number;
  /** Vectors that count as one epoch; undefined where the data knows no epochs. */
  readonly samplesPerEpoch: number | undefined;
  /** The distribution, where it is known and a mixture. */
  readonly mixture: Mixture | undefined;
  /** Names of the classes, and how many vectors each has; absent where there are none. */
  readonly classes?: readonly string[] | undefined;
  readonly classCounts?: readonly number[] | undefined;
  /** Conditions in place of classes, and those of every vector, scaled, float32 [N, conditions]. */
  readonly conditions?: { readonly columns: readonly Condition[]; readonly rows: Tensor } | undefined;
  /** Batches [B, features] without end. */
  loader(options: VectorLoaderOptions): DataLoader;
}

/** A recipe's data that are vectors. */
export type VectorDescriptor = Descriptor<"data", DataContext, Promise<VectorData>>;
