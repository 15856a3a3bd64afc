import { describe, expect, it } from "vitest";
import { constant, linearDecay } from "../../src/optim/index.ts";

const factors = (schedule: { factor(step: number): number }, steps: number[]): number[] =>
  steps.map((step) => schedule.factor(step));

describe("schedules", () => {
  it("constant stays at 1", () => {
    expect(factors(constant().build({ steps: 10 }), [0, 5, 10, 100])).toEqual([1, 1, 1, 1]);
  });

  it("linearDecay reaches 0 at the end of the run by default", () => {
    expect(factors(linearDecay().build({ steps: 10 }), [0, 5, 10, 20])).toEqual([1, 0.5, 0, 0]);
  });

  it("linearDecay waits until `from`, reaches `final` at `to` and stays there", () => {
    const schedule = linearDecay({ from: 10, to: 20, final: 0.2 }).build({ steps: 100 });
    expect(factors(schedule, [0, 10, 15, 20, 99])).toEqual([
      1,
      1,
      0.6,
      expect.closeTo(0.2, 12),
      expect.closeTo(0.2, 12),
    ]);
  });

  it("linearDecay refuses a stretch that does not go forward, and steps that are not whole", () => {
    expect(() => linearDecay({ from: 20, to: 20 }).build({ steps: 100 })).toThrow(
      "`to` (=20) must be greater than `from` (=20)",
    );
    expect(() => linearDecay({ from: 200 }).build({ steps: 100 })).toThrow("the length of the run (=100)");
    expect(() => linearDecay({ from: 0.5 })).toThrow("`linearDecay.from` (=0.5) must be a whole number of steps");
  });
});
