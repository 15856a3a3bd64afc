import { expect, it } from "vitest";
import { grad, inferenceMode, keep, liveTensors, noGrad, scope, Tensor } from "../../src/tensor/index.ts";
import { runProgram } from "./child.ts";

/** How many tensors a piece of code leaves behind. */
function left(run: () => void): number {
  const before = liveTensors();
  run();
  return liveTensors() - before;
}

it("scope frees what was made inside and returns the rest", () => {
  let inner: Tensor | undefined;
  let total: Tensor | undefined;
  const remaining = left(() => {
    total = scope(() => {
      inner = Tensor.ones([4]);
      return inner.mul(2).sum();
    });
  });
  expect(remaining).toBe(1);
  expect(total!.item()).toBe(8);
  expect(() => inner!.add(1)).toThrow(
    "aten::add.Scalar: argument `self` was freed when its scope ended, or by dispose(); return it from the scope or keep() it",
  );
  total!.dispose();
});

it("finds tensors in what is returned, however deep", () => {
  const shared = Tensor.ones([1]);
  const results = scope(() => {
    const tensor = Tensor.ones([1]);
    const cycle: Record<string, unknown> = { tensor };
    cycle.self = cycle;
    return {
      list: [Tensor.ones([1]), [Tensor.ones([1])]],
      map: new Map([["a", { t: Tensor.ones([1]) }]]),
      set: new Set([Tensor.ones([1])]),
      bare: Object.assign(Object.create(null), { t: Tensor.ones([1]) }),
      cycle,
      shared,
      number: 3,
      nothing: null,
    };
  });
  expect((results.list[0] as Tensor).item()).toBe(1);
  expect((results.list[1] as Tensor[])[0]!.item()).toBe(1);
  expect(results.map.get("a")!.t.item()).toBe(1);
  expect([...results.set][0]!.item()).toBe(1);
  expect(results.bare.t.item()).toBe(1);
  expect((results.cycle.tensor as Tensor).item()).toBe(1);
  expect(shared.item()).toBe(1);
});

it("does not search instances of classes", () => {
  class Holder {
    readonly tensor = Tensor.ones([1]);
  }
  const holder = scope(() => new Holder());
  expect(() => holder.tensor.item()).toThrow("was freed");
});

it("hands survivors to the enclosing scope", () => {
  let middle: Tensor | undefined;
  const remaining = left(() => {
    scope(() => {
      middle = scope(() => Tensor.ones([2]).add(1));
      expect(middle.sum().item()).toBe(4);
    });
  });
  expect(remaining).toBe(0);
  expect(() => middle!.sum()).toThrow("was freed");
});

it("keep outlives every scope, and a kept tensor is not freed twice", () => {
  let kept: Tensor | undefined;
  const remaining = left(() => {
    scope(() => {
      kept = scope(() => keep(keep(Tensor.ones([2]))));
      expect(scope(() => kept)).toBe(kept);
    });
  });
  expect(remaining).toBe(1);
  expect(kept!.sum().item()).toBe(2);
  expect(left(() => kept!.dispose())).toBe(-1);
  expect(left(() => kept!.dispose())).toBe(0);
  expect(() => keep(kept!)).toThrow("keep: argument `tensor` was freed");
});

it("frees everything when the callback throws", () => {
  let made: Tensor | undefined;
  let kept: Tensor | undefined;
  const remaining = left(() => {
    expect(() =>
      scope(() => {
        made = Tensor.ones([2]);
        kept = keep(Tensor.ones([2]));
        scope(() => {
          throw new Error("on purpose");
        });
      }),
    ).toThrow("on purpose");
  });
  expect(remaining).toBe(1);
  expect(() => made!.sum()).toThrow("was freed");
  kept!.dispose();
  // The scope that was current before is current again.
  expect(left(() => scope(() => void Tensor.ones([1])))).toBe(0);
});

it("frees everything when looking through the result throws", () => {
  const remaining = left(() => {
    expect(() =>
      scope(() => {
        const tensor = Tensor.ones([1]);
        return {
          tensor,
          get trap(): never {
            throw new Error("trap");
          },
        };
      }),
    ).toThrow("trap");
  });
  expect(remaining).toBe(0);
});

it("refuses promises, and what they do later harms nothing", async () => {
  const remaining = left(() => {
    expect(() =>
      scope(async () => {
        const tensor = Tensor.ones([1]);
        await null;
        tensor.item();
      }),
    ).toThrow("scope: the callback returned a promise; tensors made after its first await would belong to no scope");
  });
  expect(remaining).toBe(0);
  for (const run of [noGrad, inferenceMode]) expect(() => run(async () => 1)).toThrow("returned a promise");
  await new Promise((resolve) => setImmediate(resolve));
});

it("dispose inside a scope, and of views, frees only the handle", () => {
  const remaining = left(() => {
    scope(() => {
      const base = Tensor.ones([4]);
      const view = base.view([2, 2]);
      base.dispose();
      base.dispose();
      expect(view.sum().item()).toBe(4);
      expect(() => base.shape).toThrow("shape: argument `self` was freed");
    });
  });
  expect(remaining).toBe(0);
});

it("in-place and foreach operators make no new handles", () => {
  const x = Tensor.ones([2]);
  expect(left(() => expect(x.add_(1).mul_(2).zero_()).toBe(x))).toBe(0);
  expect(left(() => expect(x.requiresGrad_()).toBe(x))).toBe(0);
});

it("making from arrays leaves one tensor, also where it converts", () => {
  expect(left(() => Tensor.fromArray([1, 2], [2], { dtype: "int16" }))).toBe(1);
  expect(left(() => Tensor.fromArray(new Uint8Array(3)))).toBe(1);
  expect(left(() => Tensor.ones([2], { dtype: "float16" }).toArray())).toBe(1);
});

it("a graph keeps what it needs after its handles are gone", () => {
  const x = Tensor.full([2], 3, { requiresGrad: true });
  const loss = scope(() => x.mul(2).square().sum());
  expect(grad(loss, [x])[0].tolist()).toEqual([24, 24]);
});

it("properties and methods of freed tensors name themselves", () => {
  const gone = Tensor.ones([2]);
  gone.dispose();
  for (const name of ["shape", "dtype", "device", "numel", "ndim", "requiresGrad"] as const) {
    expect(() => gone[name]).toThrow(/: argument `self` was freed/);
  }
  expect(() => gone.toArray()).toThrow(": argument `self` was freed");
  expect(() => gone.isContiguous()).toThrow("isContiguous: argument `self` was freed");
  expect(() => gone.requiresGrad_()).toThrow("requiresGrad_: argument `self` was freed");
  expect(() => Tensor.cat([gone])).toThrow("aten::cat: argument `tensors` was freed");
  expect(() => grad(gone, [gone])).toThrow("grad: argument `outputs` was freed");
});

it("only this library makes tensors", () => {
  const Forged = Tensor as unknown as new (number: number) => Tensor;
  for (const number of [0, 1, 2, Number.NaN]) expect(() => new Forged(number)).toThrow("Tensor: use Tensor.zeros");
  const pretender = Object.create(Tensor.prototype) as Tensor;
  expect(() => pretender.add(1)).toThrow("argument `self` must be a Tensor, got an object (Tensor)");
  expect(() => pretender.shape).toThrow(TypeError);
  expect(() => pretender.dispose()).toThrow("dispose: `this` must be a Tensor");
});

it("the collector frees what no scope owns, feels its size, and gives back shared buffers", async () => {
  const { code, stdout, stderr } = await runProgram("collector", [], { nodeArguments: ["--expose-gc"] });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as Record<string, number>;
  expect(report.leftAfterCollection).toBe(0);
  // 300 x 8 MB without a single explicit collection: V8 knows their size.
  expect(report.mostLiveUnderPressure).toBeLessThan(250);
  expect(report.sharedWhileHeld).toBe(1);
  expect(report.sharedAfterwards).toBe(0);
});
