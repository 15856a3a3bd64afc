/**
 * The studio of a training (`--studio`), as a process of its own with a terminal session of its own: what the page
 * asks for does not hold up a step, and Ctrl-C reaches the training only. It outlives the training while a page is open.
 */
import { fork } from "node:child_process";
import { relative, resolve, sep } from "node:path";

/** Milliseconds that training waits for the address. */
const LONGEST_START = 20_000;

/** What the studio's process says. */
type Message = { readonly address?: string; readonly error?: string };

/**
 * Starts a studio of `folder` and gives the address of its page for `run`.
 * @throws Error with the reason when it does not start. Training can go on without it.
 */
export async function startStudio(folder: string, run: string): Promise<string> {
  const child = fork(process.argv[1]!, ["studio", folder], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: { ...process.env, GANTRY_STACK: "" },
  });
  const address = await new Promise<string>((found, failed) => {
    const late = setTimeout(() => failed(new Error("it has not started in time")), LONGEST_START);
    child.on("message", ({ address, error }: Message) => {
      clearTimeout(late);
      if (address === undefined) failed(new Error(error));
      else found(address);
    });
    child.on("error", failed);
    child.on("exit", () => failed(new Error("its process has ended")));
  }).catch((error: unknown) => {
    child.kill();
    throw error;
  });
  // The command ends without waiting for it.
  child.unref();
  child.channel?.unref();
  const id = relative(resolve(folder), resolve(run)).split(sep).join("/") || ".";
  return `${address}&run=${encodeURIComponent(id)}`;
}
