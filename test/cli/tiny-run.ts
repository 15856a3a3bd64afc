/** Settings of `mnist` that make a GAN so small that a step takes milliseconds. */
export const tiny = [
  ...["data.first=256", "data.size=16", "generator.width=4", "generator.latent=8", "discriminator.width=4"],
  ...["batchSize=16", "log.every=10", "samples.every=1000000", "checkpoint.every=10", "evaluate=null"],
  ...["techniques+=crossReplicaBatchNorm"],
].flatMap((setting) => ["--set", setting]);
