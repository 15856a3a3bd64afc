import { describe, expect, it } from "vitest";
import { getRngState, scope, Tensor } from "../../src/tensor/index.ts";
import { RandomStreams } from "../../src/training/step/random-streams.ts";
import { flat } from "../nn/oracle.ts";

describe("the streams of a run", () => {
  it("continue from a state that another kind of device saved; its default generator starts again", () => {
    scope(() => {
      const before = new RandomStreams(7, "cpu");
      const fresh = flat(getRngState());
      Tensor.rand([3]);
      before.get("latents");
      Tensor.rand([4], { generator: before.get("latents") });
      const { default: _, ...rest } = Object.fromEntries(before.state());
      const expected = flat(Tensor.rand([2], { generator: before.get("latents") }));
      before.dispose();

      const after = new RandomStreams(7, "cpu");
      Tensor.rand([5]);
      after.dispose();
      const moved = new RandomStreams(7, "cpu");
      moved.load(new Map(Object.entries({ ...rest, "default.cuda": Tensor.zeros([16], { dtype: "uint8" }) })));
      expect(flat(getRngState())).toEqual(fresh);
      expect(flat(Tensor.rand([2], { generator: moved.get("latents") }))).toEqual(expected);
      expect(() => moved.load(new Map(Object.entries(rest)))).toThrow("random state: `default` is missing");
      moved.dispose();
    });
  });
});
