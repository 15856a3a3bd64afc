/** Where the seconds of the claims were measured: the machine of the stored records. */
export const STORED = {
  measured: "means of the stored runs, each on one core of a two-core AMD EPYC with AVX2, libtorch 1.13",
} as const;
