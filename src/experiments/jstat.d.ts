/** The part of jstat that is used here; the package comes without types. */
declare module "jstat" {
  const jstat: {
    readonly studentt: { inv(probability: number, freedom: number): number; cdf(t: number, freedom: number): number };
  };
  export default jstat;
}
