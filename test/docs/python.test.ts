/** The Python programs of the pages compile. Where there is no python3, the test says so. */
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { allPages, type Block } from "./pages.ts";

const blocks = allPages().flatMap(({ blocks }) => blocks.filter(({ lang }) => lang === "python"));

/** What Python says against a program of a page, with the line of the page; empty where it compiles. */
function faultOf({ page, line, text }: Pick<Block, "page" | "line" | "text">): string {
  const program = "import sys; compile(sys.stdin.read(), sys.argv[1], 'exec')";
  const { error, stderr } = spawnSync("python3", ["-c", program, page], {
    input: `${"\n".repeat(line - 1)}${text}\n`,
    encoding: "utf8",
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") {
    console.warn("skipped: no python3 to compile the programs of the pages");
    return "";
  }
  return stderr;
}

it("Python of the pages compiles", () => {
  expect(blocks.length).toBeGreaterThanOrEqual(7);
  expect(blocks.map(faultOf).filter((fault) => fault !== "")).toEqual([]);
});

it("names the page and the line of what does not", () => {
  const fault = faultOf({ page: "docs/page.md", line: 7, text: "x = 1\ny = (" });
  if (fault !== "") expect(fault).toContain('File "docs/page.md", line 8');
});
