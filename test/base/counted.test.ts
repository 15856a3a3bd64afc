/** Numbers of things in words. */
import { expect, it } from "vitest";
import { counted } from "../../src/base/counted.ts";

it("has a singular", () => {
  expect([0, 1, 2].map((number) => counted(number, "image"))).toEqual(["0 images", "1 image", "2 images"]);
});
