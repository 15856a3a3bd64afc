import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ensureBinding, SetupError } from "../../scripts/setup/index.js";
import { installWheel } from "../../scripts/setup/install-wheel.js";
import { zipOf } from "../data/files.ts";
import { Machine } from "./machine.ts";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.remove());

/** The shell command that turns a prepared folder into an installed one. */
function copying(from: string, to: string): string {
  return `mkdir -p $(dirname ${to}); cp -r ${from} ${to}`;
}

/** A python3 without torch whose pip copies a prepared one to its --target. */
function pythonWithPip(installs = true, failure = ""): void {
  const wheel = machine.libtorch("wheel", { version: "2.13.0" });
  machine.env.GANTRY_TORCH_SHA256 = createHash("sha256").update("a wheel\n").digest("hex");
  const body = `case "$*" in
    *"pip --version"*) exit 0;;
    *"pip download"*) echo "$*" >> ${machine.folder}/pip
      for word; do [ "$last" = --dest ] && folder=$word; last=$word; done
      ${installs ? 'mkdir "$folder"; echo "a wheel" > "$folder"/torch-2.13.0-py3-none-any.whl' : `echo "${failure}" >&2; exit 1`}; exit;;
    *"pip install"*) echo "$*" >> ${machine.folder}/pip
      for word; do last=$target; target=$word; [ "$last" = --target ] && folder=$word; done
      ${installs ? copying(wheel, '"$folder"/torch') : `echo "${failure}" >&2; exit 1`}; exit;;
  esac`;
  machine.python(undefined, body);
}

describe("as root on Debian", () => {
  test("libtorch-dev, OpenBLAS and a missing compiler are installed, saying so first", async () => {
    const packaged = machine.libtorch("packaged", { version: "1.13.0" });
    machine.debian(`cp -r ${packaged}/. ${machine.root}`);
    const outcome = await machine.ensure();
    expect(outcome.source).toBe("system");
    expect(outcome.stderr).toMatch(/no libtorch was found: apt-get install libtorch-dev libopenblas0-openmp \(/);
    expect(machine.log("apt")).toEqual([expect.stringMatching(/install .*-y .*libtorch-dev libopenblas0-openmp$/)]);
  });

  test("apt's lists are refreshed when it does not know the packages", async () => {
    const packaged = machine.libtorch("packaged", { version: "1.13.0" });
    machine.debian();
    const apt = `echo "$*" >> ${machine.folder}/apt
case "$*" in
  *update*) touch ${machine.folder}/lists;;
  *install*) [ -e ${machine.folder}/lists ] || { echo "E: Unable to locate package" >&2; exit 100; }
    cp -r ${packaged}/. ${machine.root};;
esac`;
    machine.program("apt-get", apt);
    expect((await machine.ensure()).source).toBe("system");
    expect(machine.log("apt").map((line) => /install|update/.exec(line)?.[0])).toEqual([
      "install",
      "update",
      "install",
    ]);
  });

  test("two set-ups at once install once", async () => {
    const packaged = machine.libtorch("packaged", { version: "1.13.0" });
    machine.debian(`sleep 0.5; cp -r ${packaged}/. ${machine.root}`);
    const outcomes = await Promise.all([machine.ensure(), machine.ensure()]);
    expect(outcomes.map((outcome) => outcome.source)).toEqual(["system", "system"]);
    expect(machine.log("apt")).toHaveLength(1);
  });

  test("a distribution whose libtorch is too old gets the wheel", async () => {
    machine.debian();
    machine.program("apt-cache", 'echo "  Candidate: 1.8.1-2"');
    pythonWithPip();
    expect((await machine.ensure()).source).toBe("pip");
    expect(machine.log("apt")).toEqual([]);
  });

  test("a failure of apt is reported with its last messages", async () => {
    machine.debian('echo "E: no space left" >&2; exit 100');
    expect((await machine.ensure()).error).toMatch(/apt-get install libtorch-dev .* failed: E: no space left/);
  });

  test("without a network one sentence says so", async () => {
    machine.debian('echo "E: Failed to fetch: Temporary failure resolving the mirror" >&2; exit 100');
    const { error, stderr } = await machine.ensure();
    expect(error).toBe(
      "no libtorch was found, and Debian's packages cannot be reached (no network?); with a network the same command goes on, or apt-get install libtorch-dev libopenblas0-openmp does it by hand.",
    );
    expect(stderr).not.toContain("resolving");
  });

  test("without a network and without apt's lists the same is said", async () => {
    machine.debian();
    machine.program("apt-cache", ":");
    machine.program("apt-get", 'echo "E: Could not connect to the mirror, connection timed out" >&2; exit 100');
    expect((await machine.ensure()).error).toMatch(/^no libtorch was found, and Debian's packages cannot be reached/);
    expect(machine.log("apt")).toEqual([]);
  });

  test("GANTRY_SETUP=no installs nothing", async () => {
    machine.debian();
    machine.env.GANTRY_SETUP = "no";
    expect((await machine.ensure()).error).toMatch(/^No libtorch was found\. Any one of these/);
    expect(machine.log("apt")).toEqual([]);
  });

  test("GANTRY_SETUP=ask says what and why, and does what is answered", async () => {
    const packaged = machine.libtorch("packaged", { version: "1.13.0" });
    machine.debian(`cp -r ${packaged}/. ${machine.root}`);
    machine.env.GANTRY_SETUP = "ask";
    const question =
      "no libtorch was found: apt-get install libtorch-dev libopenblas0-openmp (a minute or two). Go on? [Y/n] ";
    const refused = await machine.inTerminal("n\n");
    expect(refused).toContain(question);
    expect(refused).toContain("was not to be installed (GANTRY_SETUP=ask)");
    expect(machine.log("apt")).toEqual([]);
    expect(await machine.inTerminal("\n")).toContain('"source":"system"');
    expect(machine.log("apt")).toHaveLength(1);
  });

  test("GANTRY_SETUP takes three words, and its old name is refused", async () => {
    machine.env.GANTRY_SETUP = "maybe";
    expect((await machine.ensure()).error).toMatch(/^GANTRY_SETUP \(=maybe\) must be yes \(the default\), ask or no/);
    delete machine.env.GANTRY_SETUP;
    machine.env.GANTRY_INSTALL = "0";
    expect((await machine.ensure()).error).toMatch(/^GANTRY_INSTALL \(=0\) is not read any more; GANTRY_SETUP=no/);
  });
});

describe("the BLAS of the system's libtorch", () => {
  const triplet = `lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;

  beforeEach(() => {
    machine.libtorch("usr", { libDir: triplet });
    machine.write(`usr/${triplet}/blas/libblas.so.3.11.0`, "");
    symlinkSync("blas/libblas.so.3.11.0", join(machine.root, triplet, "libblas.so.3"));
  });

  test("is replaced when it is the reference implementation", async () => {
    machine.debian();
    const outcome = await machine.ensure();
    expect(outcome.stderr).toMatch(/reference implementation, 80 times slower.*apt-get install libopenblas0-openmp/);
    expect(machine.log("apt")).toEqual([expect.stringContaining("libopenblas0-openmp")]);
    await machine.ensure();
    expect(machine.log("apt")).toHaveLength(1);
  });

  test("is noticed when it comes back after the first set-up", async () => {
    machine.debian();
    const link = join(machine.root, triplet, "libblas.so.3");
    rmSync(link);
    machine.write(`usr/${triplet}/openblas/libblas.so.3`, "openblas");
    symlinkSync("openblas/libblas.so.3", link);
    await machine.ensure();
    expect(machine.log("apt")).toEqual([]);
    rmSync(join(machine.root, triplet, "openblas"), { recursive: true });
    rmSync(link);
    symlinkSync("blas/libblas.so.3.11.0", link);
    await machine.ensure();
    expect(machine.log("apt")).toHaveLength(1);
    expect(machine.compiled).toBe(1);
  });

  test("is left alone without root, with another engine, or when OpenBLAS was set aside on purpose", async () => {
    machine.debian();
    machine.uid = 1000;
    expect((await machine.ensure()).source).toBe("system");
    machine.uid = 0;
    machine.env.GANTRY_TORCH = machine.libtorch("mine");
    expect((await machine.ensure()).source).toBe("GANTRY_TORCH");
    delete machine.env.GANTRY_TORCH;
    mkdirSync(join(machine.root, triplet, "openblas-openmp"));
    writeFileSync(join(machine.nativeDir, "changed.h"), "");
    expect((await machine.ensure()).source).toBe("system");
    expect(machine.log("apt")).toEqual([]);
  });
});

describe("elsewhere", () => {
  test("pip installs into the private folder, once", async () => {
    pythonWithPip();
    const outcome = await machine.ensure();
    expect(outcome.source).toBe("pip");
    expect(outcome.stderr).toContain(
      `no libtorch was found: installing torch 2.13.0 into ${machine.cache}/torch-2.13.0`,
    );
    await machine.ensure();
    expect(machine.log("pip")).toEqual([
      expect.stringMatching(/ --dest \S+\.wheels-\d+ torch==2\.13\.0$/),
      expect.stringMatching(
        / --no-index --target \S+\.installing-\d+ \S+\.wheels-\d+\/torch-2\.13\.0-py3-none-any\.whl$/,
      ),
    ]);
    expect(readdirSync(machine.cache).filter((name) => name.startsWith("torch"))).toEqual(["torch-2.13.0"]);
  });

  const realPip = spawnSync("python3", ["-m", "pip", "--version"]).status === 0;

  test.skipIf(!realPip)(
    "a wheel with another hash than the stored ones is not installed, unless the user gives its hash",
    () => {
      const wheels = join(machine.folder, "wheels");
      mkdirSync(wheels);
      const record = ["torch/__init__.py,,", "torch-2.13.0.dist-info/METADATA,,", "torch-2.13.0.dist-info/WHEEL,,"];
      const wheel = zipOf(
        [
          ["torch/__init__.py", ""],
          [
            "torch-2.13.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: torch\nVersion: 2.13.0\nRequires-Dist: sympy\n",
          ],
          ["torch-2.13.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"],
          ["torch-2.13.0.dist-info/RECORD", `${record.join("\n")}\ntorch-2.13.0.dist-info/RECORD,,\n`],
        ].map(([name, text]) => ({ name: name!, data: Buffer.from(text!) })),
      );
      writeFileSync(join(wheels, "torch-2.13.0-py3-none-any.whl"), wheel);
      const hash = createHash("sha256").update(wheel).digest("hex");
      // The real pip, with this folder in the place of its index.
      const { PATH } = process.env;
      const env = {
        HOME: machine.folder,
        PATH,
        PIP_NO_INDEX: "1",
        PIP_FIND_LINKS: wheels,
        PIP_CONFIG_FILE: "/dev/null",
      };
      machine.env = { ...env, GANTRY_CACHE: machine.cache } as Record<string, string>;
      const install = () => installWheel(machine.host, (problem) => new SetupError(problem));
      expect(install).toThrow(
        `torch-2.13.0-py3-none-any.whl, which pip has chosen, is none of the files of torch 2.13.0 that Gantry knows (its SHA-256 is ${hash}), so it was not installed`,
      );
      expect(readdirSync(machine.cache)).toEqual([]);
      machine.env.GANTRY_TORCH_SHA256 = hash;
      install();
      // Not sympy, which torch names and which is not there.
      expect(readdirSync(join(machine.cache, "torch-2.13.0")).sort()).toEqual(["torch", "torch-2.13.0.dist-info"]);
      machine.env.GANTRY_TORCH_SHA256 = "abc";
      expect(install).toThrow("GANTRY_TORCH_SHA256 (=abc) must be the SHA-256 of a wheel");
    },
  );

  test("GANTRY_TORCH=pip does so although the system has one", async () => {
    machine.libtorch("usr");
    pythonWithPip();
    machine.env.GANTRY_TORCH = "pip";
    expect((await machine.ensure()).source).toBe("pip");
  });

  test("what an interrupted pip left is removed", async () => {
    machine.write("cache/torch-2.13.0.installing-1/torch/half", "");
    pythonWithPip();
    expect((await machine.ensure()).source).toBe("pip");
    expect(existsSync(join(machine.cache, "torch-2.13.0.installing-1"))).toBe(false);
  });

  test("without a network one sentence says so", async () => {
    pythonWithPip(false, "WARNING: Retrying: Failed to establish a new connection: [Errno 101] Network is unreachable");
    const { error, stderr } = await machine.ensure();
    expect(error).toMatch(/^no libtorch was found, and pip cannot reach its packages \(no network\?\); [^\n]*$/);
    expect(stderr).not.toContain("Retrying");
  });

  test.each([
    ["pip fails", () => pythonWithPip(false, "ERROR: no room"), "pip could not install torch 2.13.0: ERROR: no room."],
    ["there is no pip", () => machine.python(undefined, 'case "$*" in *pip*) exit 1;; esac'), "has no pip"],
    ["there is no python3", () => (machine.env.PATH = machine.folder), "there is no python3"],
    ["only python was asked for", () => (machine.env.GANTRY_TORCH = "python"), "has no usable torch"],
    ["only the system was asked for", () => (machine.env.GANTRY_TORCH = "system"), "no libtorch-dev is installed"],
  ])("when %s, one message names the three ways", (_, arrange, problem) => {
    arrange();
    const ensure = () => ensureBinding({ host: machine.host, nativeDir: machine.nativeDir, quiet: true });
    expect(ensure).toThrow(problem);
    expect(ensure).toThrow(
      /1\. .*apt-get install libtorch-dev[\s\S]*2\. .*pip install torch[\s\S]*3\. .*GANTRY_TORCH=/,
    );
  });
});
