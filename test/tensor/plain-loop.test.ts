import { expect, it } from "vitest";

it("a GAN in 40 lines of tensors, layers, grad and adam learns its ring", async () => {
  const { radii } = await import("./plain-loop.ts");
  expect(radii.mean().item()).toBeCloseTo(2, 0);
  expect(radii.std().item()).toBeLessThan(0.5);
});
