/**
 * Whether set-up may install something: `GANTRY_SETUP`.
 *
 * - `yes`, the default: it says what and why, and installs it. System packages only as root on Debian and Ubuntu.
 * - `ask`: it asks first, at the terminal.
 * - `no`: it installs nothing, and says what is missing.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { SetupError, say } from "./say.js";

/** @typedef {import("./types.d.ts").Host} Host */

const answers = ["yes", "ask", "no"];

/**
 * The value of GANTRY_SETUP.
 * @param {Host} host
 */
export function setupSetting(host) {
  const given = host.env.GANTRY_SETUP || "yes";
  if (!answers.includes(given))
    throw new SetupError(
      `GANTRY_SETUP (=${given}) must be yes (the default), ask or no: whether set-up may install what is missing.`,
    );
  if (host.env.GANTRY_INSTALL !== undefined)
    throw new SetupError(
      `GANTRY_INSTALL (=${host.env.GANTRY_INSTALL}) is not read any more; GANTRY_SETUP=no says that nothing may be installed.`,
    );
  return given;
}

/**
 * Says what is going to be installed and why, and asks where the user wants to be asked. Throws SetupError where it may not.
 * @param {Host} host
 * @param {string} reason why
 * @param {string} what such as "apt-get install g++ (a minute or two)"
 */
export function permit(host, reason, what) {
  const setting = setupSetting(host);
  if (setting === "no")
    throw new SetupError(`${reason}, and GANTRY_SETUP=no: nothing is installed. It would be ${what}.`);
  if (setting === "yes") say(`${reason}: ${what}`);
  else if (!asksYes(host, reason, what))
    throw new SetupError(`${reason}, and it was not to be installed (GANTRY_SETUP=ask).`);
}

/**
 * @param {Host} host
 * @param {string} reason
 * @param {string} what
 */
function asksYes(host, reason, what) {
  let terminal;
  try {
    terminal = openSync(host.terminal, "r+");
  } catch {
    throw new SetupError(
      `${reason}, and there is no terminal to ask at (GANTRY_SETUP=ask). With GANTRY_SETUP=yes set-up does it: ${what}.`,
    );
  }
  try {
    writeSync(terminal, `gantry: ${reason}: ${what}. Go on? [Y/n] `);
    const answer = Buffer.alloc(256);
    const length = readSync(terminal, answer);
    return length > 0 && /^(y|yes)?$/i.test(answer.toString("utf8", 0, length).trim());
  } finally {
    closeSync(terminal);
  }
}
