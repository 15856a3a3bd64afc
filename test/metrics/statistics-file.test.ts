/** Statistics files: those of other tools read, and Gantry's read by NumPy (test/fixtures/make_statistics_files.py). */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openNpz, writeNpz } from "../../src/formats/index.ts";
import { evaluate, type FeatureNetwork, type ImageSet } from "../../src/metrics/index.ts";
import { fid, fidInfinity, kid, memorisation, precisionRecall } from "../../src/metrics/scores/index.ts";
import { isStatisticsFile, readStatistics, writeStatistics } from "../../src/metrics/statistics-file.ts";
import { Tensor } from "../../src/tensor/index.ts";

const fixtures = join(import.meta.dirname, "../fixtures");
const file = (name: string) => join(fixtures, "statistics-files", `${name}.npz`);
const stored = JSON.parse(readFileSync(join(fixtures, "statistics-files.json"), "utf8"));

const folder = mkdtempSync(join(tmpdir(), "gantry-statistics-"));
afterAll(() => rmSync(folder, { recursive: true }));

const fake = Tensor.fromArray(stored.fake as number[][]);

/** Images of one gray pixel, each the number of a row of {@link fake}, which are its features. */
const rows: ImageSet = {
  name: "rows",
  count: stored.fake.length,
  channels: 1,
  height: 1,
  width: 1,
  *batches(size) {
    for (let begin = 0; begin < this.count; begin += size) {
      const length = Math.min(size, this.count - begin);
      yield Tensor.fromArray(Uint8Array.from({ length }, (_, i) => begin + i)).view([length, 1, 1, 1]);
    }
  },
};

const network: FeatureNetwork = {
  name: "rows-network",
  hash: "0123456789abcdef",
  resizer: "none",
  dimensions: 3,
  classes: ["one"],
  forward: (images) => ({
    features: fake.indexSelect(0, images.view([images.shape[0]!]).to({ dtype: "int64" })),
    logits: Tensor.zeros([images.shape[0]!, 1]),
  }),
  dispose: () => {},
};

const inputs = { network, fake: { images: rows, drawing: null, quantiser: "bytes as given" }, seed: 0 };
const origin = {
  images: { name: "photos", count: 40, hash: "a".repeat(64) },
  features: network.name,
  featuresHash: network.hash,
  resizer: network.resizer,
};

describe("a statistics file of another tool", () => {
  it.each([
    ["deflated", 1e-9],
    ["stored", 1e-5],
  ])("gives the Fréchet distance that NumPy and SciPy compute (%s)", async (name, tolerance) => {
    const real = await readStatistics(file(name));
    const [score] = await evaluate({ ...inputs, metrics: [fid().build()], real });
    expect(Math.abs(score!.value / stored.distance - 1)).toBeLessThan(tolerance);
    expect(score!.protocol.real).toMatchObject({ name: file(name), count: null });
    expect(score!.protocol.real!.statistics).toMatch(/which images .* how many, their resizer, .* are unknown/);
  });

  it("is known by its arrays", async () => {
    expect(await isStatisticsFile(file("deflated"))).toBe(true);
    expect(await isStatisticsFile(join(fixtures, "formats/samples_stored.npz"))).toBe(false);
    expect(await isStatisticsFile("photos")).toBe(false);
  });

  it.each([
    ["skew", "`sigma` is no covariance: it is not symmetric"],
    ["narrow", "`mu` is [3] and `sigma` [2, 2]; statistics of D features are a mean [D] and a covariance [D, D]"],
    ["infinite", "`mu` or `sigma` holds values that are NaN or infinite"],
  ])("is refused where it is no covariance (%s)", async (name, says) => {
    await expect(readStatistics(file(name))).rejects.toThrow(says);
  });

  it("is refused where its covariance has eigenvalues below 0, but not for those that rounding leaves", async () => {
    const path = join(folder, "eigenvalues.npz");
    const written = (sigma: number[]) =>
      writeStatistics(
        path,
        {
          count: 9,
          mean: Tensor.zeros([2], { dtype: "float64" }),
          covariance: Tensor.fromArray(Float64Array.from(sigma), [2, 2]),
        },
        origin,
      );
    // Eigenvalues 3 and -1.
    written([1, 2, 2, 1]);
    await expect(readStatistics(path)).rejects.toThrow("`sigma` is no covariance: it has eigenvalues below 0");
    for (const sigma of [
      [1, 1.0005, 1.0005, 1],
      [1, 1, 1, 1],
      [0, 0, 0, 0],
    ]) {
      written(sigma);
      await readStatistics(path);
    }
  });

  it("is refused in float16, whose rounding alone makes a score", async () => {
    const path = join(folder, "half.npz");
    const [mu, sigma] = [Tensor.zeros([3], { dtype: "float64" }), Tensor.eye(3, { dtype: "float64" })];
    for (const [name, arrays] of [
      ["mu", { mu: mu.to({ dtype: "float16" }), sigma }],
      ["sigma", { mu, sigma: sigma.to({ dtype: "float16" }) }],
    ] as const) {
      writeNpz(path, arrays);
      await expect(readStatistics(path)).rejects.toThrow(`\`${name}\` is float16, which is too coarse for scores`);
    }
  });

  it("is said to hold correlations where every variance is 1", async () => {
    const path = join(folder, "correlations.npz");
    const statisticsOf = async (sigma: Tensor) => {
      writeNpz(path, { mu: Tensor.zeros([3]), sigma });
      return (await readStatistics(path)).side.statistics;
    };
    const correlations = "`sigma` seems to hold correlations, which are no covariances: every variance is 1";
    expect(await statisticsOf(Tensor.eye(3).mul(0.5).add(0.5))).toContain(correlations);
    expect(await statisticsOf(Tensor.eye(3).mul(2))).not.toContain("correlations");
  });

  it("is said to be of equal images where `sigma` is all 0, and refused where only the variances are", async () => {
    const path = join(folder, "zeros.npz");
    writeNpz(path, { mu: Tensor.zeros([3]), sigma: Tensor.zeros([3, 3]) });
    expect((await readStatistics(path)).side.statistics).toContain(
      "; `sigma` is all 0: the statistics are of one image, or of equal ones",
    );
    writeNpz(path, { mu: Tensor.zeros([3]), sigma: Tensor.eye(3).mul(-1).add(1) });
    await expect(readStatistics(path)).rejects.toThrow("`sigma` is no covariance: it has eigenvalues below 0");
  });

  it("is refused, by name, for scores that need more than moments, and for other features", async () => {
    const real = await readStatistics(file("deflated"));
    const metrics = [fid(), kid(), precisionRecall(), memorisation()].map((metric) => metric.build());
    await expect(evaluate({ ...inputs, metrics, real })).rejects.toThrow(
      "holds only mean and covariance of the real images' features, and `kid`, `precisionRecall`, `memorisation` need more",
    );
    const wide = { ...network, dimensions: 5 };
    await expect(evaluate({ ...inputs, network: wide, metrics: [fid().build()], real })).rejects.toThrow(
      "its statistics are of 3 features, and rows-network has 5",
    );
    await evaluate({ ...inputs, metrics: [fidInfinity({ points: 3 }).build()], real });
  });
});

describe("a statistics file of Gantry", () => {
  const moments = () => ({
    count: 40,
    mean: Tensor.fromArray(Float64Array.from(stored.mu as number[])),
    covariance: Tensor.fromArray(Float64Array.from((stored.sigma as number[][]).flat()), [3, 3]),
  });

  it("is read by NumPy: the same bytes as the file that it has read", () => {
    const path = join(folder, "gantry.npz");
    writeStatistics(path, moments(), origin);
    expect(readFileSync(path).equals(readFileSync(file("gantry")))).toBe(true);
    expect(stored.readByNumpy).toEqual({ mu: stored.mu, sigma: stored.sigma });
  });

  it("says what it is of: its score compares with that of the images, and other features are refused", async () => {
    const real = await readStatistics(file("gantry"));
    expect(real.origin).toEqual(origin);
    const [score] = await evaluate({ ...inputs, metrics: [fid().build()], real });
    expect(score!.protocol.real).toMatchObject(origin.images);
    for (const [changed, says] of [
      [{ hash: "f".repeat(16) }, "other weights than this evaluation: `0123456789ab` there, `ffffffffffff` here"],
      [{ resizer: "another" }, "other resizer than this evaluation: `none` there, `another` here"],
    ] as const) {
      const other = { ...network, ...changed };
      await expect(evaluate({ ...inputs, network: other, metrics: [fid().build()], real })).rejects.toThrow(says);
    }
  });

  it("is refused where mean or covariance was changed, and is unknown where it does not say what they were", async () => {
    const path = join(folder, "changed.npz");
    const copy = async (changes: Record<string, Tensor>) => {
      const npz = await openNpz(file("gantry"));
      const [mu, sigma, gantry] = await Promise.all(["mu", "sigma", "gantry"].map((name) => npz.array(name)));
      await npz.close();
      writeNpz(path, { mu: mu!, sigma: sigma!, gantry: gantry!, ...changes });
    };
    await copy({});
    expect((await readStatistics(path)).origin).toEqual(origin);
    const { mean, covariance } = moments();
    for (const change of [
      { mu: mean.add(1e-9) },
      { sigma: covariance.mul(1.1) },
      { mu: mean.to({ dtype: "float32" }) },
    ]) {
      await copy(change);
      await expect(readStatistics(path)).rejects.toThrow(
        "its `mu` or `sigma` was changed since Gantry wrote it, so they are not those of `photos`; write the file again",
      );
    }
    const former = JSON.stringify({ format: 1, ...origin });
    await copy({ gantry: Tensor.fromArray(new Uint8Array(Buffer.from(former))), mu: mean.add(1) });
    const unchecked = await readStatistics(path);
    expect(unchecked.origin).toBeUndefined();
    expect(unchecked.side).toMatchObject({ name: path, count: null });
    expect(unchecked.side.statistics).toMatch(
      /a former version of Gantry wrote, which cannot be checked for changes; which images/,
    );
  });

  it("comes from an evaluation of the images themselves", async () => {
    const path = join(folder, "saved.npz");
    await evaluate({ ...inputs, metrics: [], onMoments: (found) => writeStatistics(path, found, origin) });
    const { moments: saved } = await readStatistics(path);
    const features = fake.double();
    expect(saved.mean.sub(features.mean(0)).abs().amax().item()).toBeLessThan(1e-12);
    const centred = features.sub(features.mean(0));
    const covariance = centred
      .transpose(0, 1)
      .mm(centred)
      .div(rows.count - 1);
    expect(saved.covariance.sub(covariance).abs().amax().item()).toBeLessThan(1e-12);
  });
});
