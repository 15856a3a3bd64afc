/**
 * Statistics files: mean `mu` and covariance `sigma` of the features of a set of images, as .npz. pytorch-fid (`--save-stats`),
 * clean-fid (`make_custom_stats`) and the authors' code of TTUR keep real images in this form, and read it.
 *
 * These tools write nothing else, so such a file does not say which images they were, how many, how they were resized, or
 * by which weights the features were computed. Gantry's files have one more array, `gantry`, that says it as JSON. Other
 * tools pass over it.
 */
import { existsSync } from "node:fs";
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { sha256 } from "../data/index.ts";
import { type Npz, openNpz, quoted, writeNpz } from "../formats/index.ts";
import { bytesOf, keep, noGradScope, scope, Tensor } from "../tensor/index.ts";
import type { FeatureNetwork } from "./features/feature-network.ts";
import type { Gaussian } from "./formulas/moments.ts";
import { type RealSide, realSchema } from "./protocol.ts";

/** What Gantry's files say besides mean and covariance. */
const originSchema = z.object({
  format: z.literal(1),
  images: realSchema,
  features: z.string(),
  featuresHash: z.string(),
  resizer: z.string(),
  /** SHA-256 of `mu` and `sigma`. Not in files of Gantry's versions before it. */
  moments: z.string().optional(),
});

/** The origin of statistics that Gantry wrote. */
export type StatisticsOrigin = Readonly<Omit<z.output<typeof originSchema>, "format" | "moments">>;

/** Mean and covariance of real images' features, from a file. */
export interface StatisticsFile {
  /** Its path. */
  readonly name: string;
  /** `count` is NaN where the file does not say it. */
  readonly moments: Gaussian;
  /** The images, as a score's protocol names them. */
  readonly side: RealSide;
  /** undefined of another tool's file, and of one that may have been changed. */
  readonly origin: StatisticsOrigin | undefined;
}

/** A covariance may differ from its mirror image by the round-off of sums in float32. */
const ASYMMETRY = 1e-4;

/** An eigenvalue may be as far below 0 as rounding to float16 moves it, in parts of the covariance's Frobenius norm. */
const NEGATIVE = 1e-3;

/** Where all variances are this close to 1, they are rather those of a matrix of correlations. */
const CORRELATION = 1e-6;

/**
 * Whether a path is that of a statistics file: an .npz that holds `mu` and `sigma`.
 * @throws UserError when it is a damaged .npz.
 */
export async function isStatisticsFile(path: string): Promise<boolean> {
  if (!path.endsWith(".npz") || !existsSync(path)) return false;
  const npz = await openNpz(path);
  try {
    return ["mu", "sigma"].every((name) => npz.arrays.has(name) || npz.refused.has(name));
  } finally {
    await npz.close();
  }
}

/**
 * Reads a statistics file. Its tensors belong to the caller.
 *
 * @throws UserError when `mu` [D] and `sigma` [D, D] are not there, not finite, of float16, or `sigma` is no covariance; and when
 * Gantry wrote the file and they were changed since.
 *
 * @example
 * const real = await readStatistics("fid_stats_cifar10_train.npz");
 */
export async function readStatistics(path: string): Promise<StatisticsFile> {
  const npz = await openNpz(path);
  try {
    refuseHalf(npz);
    const [mu, sigma] = [await npz.array("mu"), await npz.array("sigma")];
    const { mean, covariance } = scope(() => {
      refuseNoGaussian(path, mu, sigma);
      return { mean: keep(mu.to({ dtype: "float64" })), covariance: keep(sigma.to({ dtype: "float64" })) };
    });
    const origin = await originOf(npz, { mean, covariance });
    const moments = { mean, covariance, count: origin?.images.count ?? Number.NaN };
    return { name: path, origin, side: sideOf(npz, origin, { mean, covariance }), moments };
  } finally {
    await npz.close();
  }
}

/** @throws UserError for numbers of 11 bits: their rounding alone moves a Fréchet distance. */
function refuseHalf({ path, arrays }: Npz): void {
  const half = ["mu", "sigma"].find((name) => arrays.get(name)?.dtype === "float16");
  if (half === undefined) return;
  throw new UserError(`${path}: \`${half}\` is float16, which is too coarse for scores; save it as float64`);
}

function refuseNoGaussian(path: string, mu: Tensor, sigma: Tensor): void {
  const [dimensions] = mu.shape;
  const shapes = `\`mu\` is [${mu.shape.join(", ")}] and \`sigma\` [${sigma.shape.join(", ")}]`;
  if (mu.ndim !== 1 || sigma.ndim !== 2 || sigma.shape.some((length) => length !== dimensions)) {
    throw new UserError(`${path}: ${shapes}; statistics of D features are a mean [D] and a covariance [D, D]`);
  }
  noGradScope(() => {
    const [mean, covariance] = [mu.double(), sigma.double()];
    if (mean.isfinite().all().item() !== 1 || covariance.isfinite().all().item() !== 1) {
      throw new UserError(`${path}: \`mu\` or \`sigma\` holds values that are NaN or infinite`);
    }
    const skew = covariance.sub(covariance.transpose(0, 1)).abs().amax().item();
    if (skew > ASYMMETRY * covariance.abs().amax().item() || covariance.diagonal().amin().item() < 0) {
      throw new UserError(`${path}: \`sigma\` is no covariance: it is not symmetric, or has negative variances`);
    }
    // Cholesky's factor is there only of a matrix without eigenvalues below 0.
    const shift = Math.max(NEGATIVE * covariance.square().sum().sqrt().item(), Number.MIN_VALUE);
    const [, failed] = covariance
      .add(Tensor.eye(covariance.shape[0]!, { dtype: "float64" }).mul(shift))
      .linalgCholeskyEx();
    if (failed.item() !== 0 && covariance.any().item() === 1) {
      throw new UserError(
        `${path}: \`sigma\` is no covariance: it has eigenvalues below 0, so some feature would have a negative variance`,
      );
    }
  });
}

/**
 * What Gantry's file says. Undefined of another tool's, and of one that was written before the file said what its moments are:
 * nobody can tell whether these are still those.
 *
 * @throws UserError when `gantry` is there and does not say what it should, or mean and covariance are not those that were written.
 */
async function originOf(npz: Npz, found: Pick<Gaussian, "mean" | "covariance">): Promise<StatisticsOrigin | undefined> {
  if (!npz.arrays.has("gantry")) return undefined;
  const bytes = await npz.array("gantry");
  let said: z.output<typeof originSchema>;
  try {
    said = originSchema.parse(JSON.parse(Buffer.from(bytesOf(bytes)).toString("utf8")));
  } catch {
    throw new UserError(
      `${npz.path}: its array \`gantry\` does not say what the statistics are of, as this version writes it; remove the array, or write the file again`,
    );
  } finally {
    bytes.dispose();
  }
  const { format: _, moments, ...origin } = said;
  if (moments === undefined) return undefined;
  if (moments === statisticsHash(found)) return origin;
  throw new UserError(
    `${npz.path}: its \`mu\` or \`sigma\` was changed since Gantry wrote it, so they are not those of ${quoted(origin.images.name)}; ` +
      "write the file again, or remove the array `gantry` to read it as another tool's",
  );
}

function sideOf(
  { path, arrays }: Npz,
  origin: StatisticsOrigin | undefined,
  { mean, covariance }: Pick<Gaussian, "mean" | "covariance">,
): RealSide {
  if (origin !== undefined) return { ...origin.images, statistics: `mean and covariance, read from ${path}` };
  const [variances, largest] = noGradScope(() => {
    const diagonal = covariance.diagonal();
    return [diagonal.sub(1).abs().amax().item(), diagonal.amax().item()];
  });
  const from = arrays.has("gantry")
    ? "mean and covariance that a former version of Gantry wrote, which cannot be checked for changes"
    : "mean and covariance of another tool";
  const odd =
    largest === 0
      ? "; `sigma` is all 0: the statistics are of one image, or of equal ones"
      : variances < CORRELATION
        ? "; `sigma` seems to hold correlations, which are no covariances: every variance is 1"
        : "";
  return {
    name: path,
    count: null,
    hash: statisticsHash({ mean, covariance }),
    statistics: `${from}; which images they are of and how many, their resizer, and the weights of the features are unknown${odd}`,
  };
}

/** SHA-256 of mean and covariance: what identifies images that are known by these alone. */
export function statisticsHash({ mean, covariance }: Pick<Gaussian, "mean" | "covariance">): string {
  return sha256(Buffer.concat([bytesOf(mean), bytesOf(covariance)]));
}

/**
 * @throws UserError when statistics are of other features than the network's: of another width, or, where the file says it, of
 * another network or resizer.
 */
export function requireSameFeatures(
  { name, moments, origin }: StatisticsFile,
  network: FeatureNetwork,
  resizer: string = network.resizer,
): void {
  const [dimensions] = moments.mean.shape;
  if (dimensions !== network.dimensions) {
    throw new UserError(
      `${name}: its statistics are of ${dimensions} features, and ${network.name} has ${network.dimensions}; give those of the same features`,
    );
  }
  if (origin === undefined) return;
  const differing = (
    [
      ["features", origin.features, network.name],
      ["weights", origin.featuresHash.slice(0, 12), network.hash.slice(0, 12)],
      ["resizer", origin.resizer, resizer],
    ] as const
  ).find(([, there, here]) => there !== here);
  if (differing === undefined) return;
  const [what, there, here] = differing;
  throw new UserError(
    `${name}: its statistics have other ${what} than this evaluation: ${quoted(there)} there, ${quoted(here)} here`,
  );
}

/**
 * Writes statistics, for Gantry and for the tools that read `mu` and `sigma`.
 * @throws UserError when the file system refuses.
 *
 * @example
 * writeStatistics("photos.npz", gaussian, origin);
 */
export function writeStatistics(path: string, { mean, covariance }: Gaussian, origin: StatisticsOrigin): void {
  scope(() => {
    const exact = { mean: mean.to({ dtype: "float64" }), covariance: covariance.to({ dtype: "float64" }) };
    const stamp = { format: 1, ...origin, moments: statisticsHash(exact) };
    const says = Tensor.fromArray(new Uint8Array(Buffer.from(JSON.stringify(stamp))));
    writeNpz(path, { mu: mean, sigma: covariance, gantry: says });
  });
}
