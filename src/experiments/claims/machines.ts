/** Where the seconds of the claims were measured: the machines of the stored records. */
export const STORED = {
  measured: "means of the stored runs, each on one core of a two-core AMD EPYC with AVX2, libtorch 1.13",
} as const;

/** The same of records from a machine with AVX-512 and other work on it. */
export const STORED_AVX512 = {
  measured:
    "means of the stored runs, each on one core of a two-core AMD EPYC with AVX-512, libtorch 1.13, next to other work",
} as const;
