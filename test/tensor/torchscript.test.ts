import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { liveTensors, loadScript, noGrad, scope, Tensor } from "../../src/tensor/index.ts";

const path = (name: string) => fileURLToPath(new URL(`../fixtures/torchscript/${name}`, import.meta.url));

it("runs a module as it was saved, in evaluation mode", () => {
  const affine = loadScript(path("affine.pt"));
  const x = Tensor.fromArray([
    [1, 2, 3],
    [0, 0, 1],
  ]);
  // Without evaluation mode, dropout would zero or double these.
  for (let i = 0; i < 5; i++) {
    const y = affine.forward(x) as Tensor;
    expect(y.tolist()).toEqual([
      [14.25, -0.5],
      [3.25, -0.5],
    ]);
  }
});

it("returns tuples as arrays and leaves nothing behind", () => {
  const pair = loadScript(path("pair.pt"));
  const before = liveTensors();
  scope(() => {
    const [sum, product] = pair.forward(Tensor.fromArray([1, 2]), Tensor.fromArray([3, 4])) as Tensor[];
    expect(sum!.tolist()).toEqual([4, 6]);
    expect(product!.tolist()).toEqual([3, 8]);
  });
  expect(liveTensors()).toBe(before);
});

it("records gradients except in noGrad", () => {
  const affine = loadScript(path("affine.pt"));
  const x = Tensor.ones([1, 3]);
  expect((affine.forward(x) as Tensor).requiresGrad).toBe(true);
  expect(noGrad(() => affine.forward(x) as Tensor).requiresGrad).toBe(false);
});

it("puts what went wrong inside a module first", () => {
  const refuses = loadScript(path("refuses.pt"));
  expect(() => refuses.forward(Tensor.ones([3]))).toThrow(/^forward: .*at most two rows are accepted/);
  expect((refuses.forward(Tensor.ones([2])) as Tensor).shape).toEqual([2]);
  expect(() => refuses.forward()).toThrow(/^forward: .*missing value for argument 'x'/);
  expect(() => refuses.forward({} as never)).toThrow("forward: argument `input 0` must be a Tensor");
});

it("refuses results that are not tensors, and files that are no modules", () => {
  expect(() => loadScript(path("number.pt")).forward(Tensor.ones([3]))).toThrow(
    "forward: the module returned Int; a tensor, or a tuple or list of tensors, is needed",
  );
  expect(() => loadScript(path("none.pt"))).toThrow("none.pt: no such file");
  expect(() => loadScript(path("../make_torchscript.py"))).toThrow(/^torchscript\.load: /);
  expect(() => loadScript(path("affine.pt"), "nonsense")).toThrow(/^torchscript\.load: .*nonsense/);
  expect(() => loadScript(7 as never)).toThrow("loadScript: `path` must be a string");
});
