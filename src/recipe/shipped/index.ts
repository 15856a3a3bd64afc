/** The recipes that come with Gantry, by name; each is loaded only when it is asked for. */
import type { Recipe } from "../recipe.ts";

/** Name to loader of each shipped recipe. */
export const shippedRecipes: Readonly<Record<string, () => Promise<{ default: Recipe }>>> = {
  mnist: () => import("./mnist.ts"),
  "fashion-mnist": () => import("./fashion-mnist.ts"),
  cifar10: () => import("./cifar10.ts"),
  "cifar10-biggan-icr": () => import("./cifar10-biggan-icr.ts"),
  "stacked-mnist": () => import("./stacked-mnist.ts"),
  mixture: () => import("./mixture.ts"),
  "narrow-dcgan": () => import("./narrow-dcgan.ts"),
  "wgan-gp": () => import("./wgan-gp.ts"),
};
