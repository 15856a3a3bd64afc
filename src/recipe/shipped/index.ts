/** The recipes that come with Gantry, by name; each is loaded only when it is asked for. */
import type { Recipe } from "../recipe.ts";

/** Name to loader of each shipped recipe. */
export const shippedRecipes: Readonly<Record<string, () => Promise<{ default: Recipe }>>> = {
  mnist: () => import("./mnist.ts"),
  "fashion-mnist": () => import("./fashion-mnist.ts"),
  cifar10: () => import("./cifar10.ts"),
  "cifar10-biggan-icr": () => import("./cifar10-biggan-icr.ts"),
  "cifar10-biggan-icr-topk": () => import("./cifar10-biggan-icr-topk.ts"),
  "stacked-mnist": () => import("./stacked-mnist.ts"),
  mixture: () => import("./mixture.ts"),
  "narrow-dcgan": () => import("./narrow-dcgan.ts"),
  "wgan-gp": () => import("./wgan-gp.ts"),
  "semi-mnist": () => import("./semi-mnist.ts"),
  "semi-cifar10": () => import("./semi-cifar10.ts"),
  "fashion-mnist-sngan": () => import("./fashion-mnist-sngan.ts"),
  "fashion-mnist-sagan": () => import("./fashion-mnist-sagan.ts"),
  "mnist-biggan": () => import("./mnist-biggan.ts"),
  "mnist-biggan-deep": () => import("./mnist-biggan-deep.ts"),
  "cifar10-sngan": () => import("./cifar10-sngan.ts"),
  "cifar10-sagan": () => import("./cifar10-sagan.ts"),
  "cifar10-biggan": () => import("./cifar10-biggan.ts"),
  "biggan-128": () => import("./biggan-128.ts"),
  "biggan-128-topk": () => import("./biggan-128-topk.ts"),
  "biggan-128-seed": () => import("./biggan-128-seed.ts"),
  "biggan-128-seed-lsun": () => import("./biggan-128-seed-lsun.ts"),
  "seed-dcgan-64": () => import("./seed-dcgan-64.ts"),
  "seed-sn-dcgan-64": () => import("./seed-sn-dcgan-64.ts"),
  "seed-dcgan-128": () => import("./seed-dcgan-128.ts"),
  "seed-sn-dcgan-128": () => import("./seed-sn-dcgan-128.ts"),
};
