import { spawn } from "node:child_process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isRunning, Machine, until } from "./machine.ts";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.remove());

/** Runs a script through runChild in a process of its own, as npm start does with the trainer. */
function run(script: string) {
  const path = machine.write("child.mjs", script);
  const url = new URL("../../scripts/setup/run-child.js", import.meta.url).href;
  const code = `import { runChild } from ${JSON.stringify(url)};
await runChild([${JSON.stringify(path)}, "one", "two words"], { cwd: ${JSON.stringify(machine.folder)} });`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const state = { output: "" };
  parent.stdout.on("data", (data) => (state.output += data));
  const ended = new Promise<number | null>((resolve) => parent.on("close", resolve));
  return { parent, state, ended };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test("arguments, output and exit code pass through", async () => {
  const { state, ended } = run("console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 7;");
  expect(await ended).toBe(7);
  expect(JSON.parse(state.output)).toEqual(["one", "two words"]);
});

test("one key press that arrives twice is one, a later one is another, and the child's end is waited for", async () => {
  const { parent, state, ended } = run(`
    let count = 0;
    process.on("SIGINT", () => {
      console.log("interrupted " + ++count);
      if (count === 2) setTimeout(() => process.exit(3), 300);
    });
    setInterval(() => {}, 1000);
    console.log("ready");`);
  await until(() => state.output.includes("ready"));
  parent.kill("SIGINT");
  await pause(50);
  parent.kill("SIGINT");
  await pause(700);
  expect(state.output).toBe("ready\ninterrupted 1\n");
  parent.kill("SIGINT");
  expect(await ended).toBe(3);
  expect(state.output).toBe("ready\ninterrupted 1\ninterrupted 2\n");
});

test("a child that a signal ended gives the shell's exit code, and SIGTERM reaches it", async () => {
  const { parent, state, ended } = run("console.log(process.pid); setInterval(() => {}, 1000);");
  await until(() => state.output.includes("\n"));
  parent.kill("SIGTERM");
  expect(await ended).toBe(143);
  expect(isRunning(Number(state.output))).toBe(false);
});
