/** Numbers of things in words. */
import { expect, it } from "vitest";
import { counted, noneOf } from "../../src/base/counted.ts";

it("has a singular", () => {
  expect([0, 1, 2].map((number) => counted(number, "image"))).toEqual(["0 images", "1 image", "2 images"]);
  expect([1, 2].map((number) => counted(number, "class", "classes"))).toEqual(["1 class", "2 classes"]);
  expect([1, 2].map((number) => `${noneOf(number, "image")} be read`)).toEqual([
    "its only image cannot be read",
    "none of its 2 images can be read",
  ]);
});
