/** The protocol clean-fid compares with the test split, unless a user names another one or other images. */
import { describe, expect, it } from "vitest";
import { openReal, type Subject } from "../../src/cli/evaluate/subject.ts";
import { celebaHq, mnist } from "../../src/data/index.ts";

const subjectOf = (data: Subject["data"]) =>
  ({ title: "a run", data, shape: { channels: 1, height: 16, width: 16 } }) as Subject;
const nameOf = async (data: Subject["data"], options: { real?: string; split?: string; usualSplit?: string }) => {
  const opened = await openReal(subjectOf(data), { ...options, most: 20, preparing: {} });
  await opened!.close();
  return (opened!.value as { name: string }).name;
};

describe("the split of a protocol", () => {
  const own = mnist({ size: 16, first: 30 });

  it("takes the place of the run's own, and a named one goes before it", async () => {
    expect(await nameOf(own, {})).toBe("mnist (train)");
    expect(await nameOf(own, { usualSplit: "test" })).toBe("mnist (test)");
    expect(await nameOf(own, { usualSplit: "test", split: "train" })).toBe("mnist (train)");
    expect(await nameOf(undefined, { real: "mnist", usualSplit: "test" })).toBe("mnist (test)");
  });

  it("is refused where the data have none of that name", async () => {
    await expect(nameOf(celebaHq({ path: "nowhere" }), { usualSplit: "test" })).rejects.toThrow(
      "the protocol compares with the split `test`, and celebaHq has none of that name: give --real",
    );
  });
});
