import { expect, it } from "vitest";
import { methodsPage } from "./methods-page.ts";

it("docs/tensor.md has every method of Tensor with its documentation", async () => {
  await expect(methodsPage()).toMatchFileSnapshot("../../docs/tensor.md");
});
