import { expect, it } from "vitest";
import { methodsPage } from "./methods-page.ts";

it("docs/reference/tensor.md has every method of Tensor with its documentation", async () => {
  await expect(methodsPage()).toMatchFileSnapshot("../../docs/reference/tensor.md");
});
