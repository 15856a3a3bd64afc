/** The studio's server: what it answers, and what it refuses. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, onTestFinished, test } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { serveStudio } from "../../src/studio/index.ts";
import { ask, flood, post } from "./ask.ts";
import { appendLines, event, scores, temporaryFolder, tick, writePage, writeRun } from "./run-folder.ts";

const png = Buffer.from("89504e470d0a1a0a", "hex");

async function served(options: { host?: string } = {}) {
  const folder = temporaryFolder();
  const runs = join(folder, "runs");
  writeRun(join(runs, "a"), [event("start", 0), tick(10), event("stop", 10)]);
  writeFileSync(join(runs, "a/samples/000010.png"), png);
  const studio = await serveStudio({ folder: runs, page: writePage(folder), port: 0, ...options });
  onTestFinished(() => studio.close());
  const { port } = new URL(studio.address);
  const token = studio.address.split("token=")[1]!;
  return { folder, runs, studio, port: Number(port), token };
}

test("serves the newest numbers of every run to Prometheus", async () => {
  const { port, runs } = await served();
  writeRun(join(runs, 'b "x"'), [event("start", 0), tick(10), tick(20)]);
  const { status, headers, text } = await ask(port, "/metrics");
  expect(status).toBe(200);
  expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(text).toContain('gantry_run_state{run="a",state="stopped"} 1\n');
  expect(text).toContain('gantry_run_step{run="a"} 10\n');
  expect(text).toContain('gantry_run_step{run="b \\"x\\""} 20\n');
  expect(text).toMatch(/gantry_run_number\{run="a",name="lossD"\} [\d.]+\n/);
  expect((await ask(port, "/metrics", { headers: { host: "elsewhere.example" } })).status).toBe(421);
});

describe("a studio", () => {
  test("waits for no pipe that lies in a run's folder", async () => {
    const { port, runs } = await served();
    writeRun(join(runs, "b"), [event("start", 0), tick(10)]);
    for (const name of ["samples/000010.png", "running.json"]) execFileSync("mkfifo", [join(runs, "b", name)]);
    const asked = Array.from({ length: 8 }, () => ask(port, "/api/sample?id=b&step=10"));
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(asked.map(() => 403));
    expect((await ask(port, "/api/sample?id=a&step=10")).status).toBe(200);
    expect(JSON.parse((await ask(port, "/api/run?id=b")).text)).toMatchObject({ summary: { step: 10 } });
  });

  test("answers with runs, curves, samples and its page", async () => {
    const { port } = await served();
    expect((await ask(port, "/")).text).toContain("<title>page</title>");
    const { runs } = JSON.parse((await ask(port, "/api/runs")).text);
    expect(runs).toMatchObject([{ id: "a", step: 10, state: "stopped", newestSamples: 10 }]);
    expect(JSON.parse((await ask(port, "/api/curves?id=a")).text)).toMatchObject({ steps: [10] });
    expect(JSON.parse((await ask(port, "/api/run?id=a")).text)).toMatchObject({ samples: [10] });
    expect((await ask(port, "/api/sample?id=a&step=10")).headers["content-type"]).toBe("image/png");
  });

  test("sends a policy by which the page can load nothing from elsewhere", async () => {
    const { port } = await served();
    for (const path of ["/", "/api/runs", "/nothing"]) {
      const { headers } = await ask(port, path);
      expect(headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self'");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
  });

  test("sends changes as they come", async () => {
    const { port, runs } = await served();
    await ask(port, "/api/runs");
    const change = new Promise<string>((resolve) => {
      const stream = request({ host: "127.0.0.1", port, path: "/api/changes" }, (response) => {
        appendLines(join(runs, "a"), [tick(20)]);
        response.setEncoding("utf8");
        response.on("data", (text: string) => {
          if (!text.includes("data:")) return;
          stream.destroy();
          resolve(text);
        });
      });
      stream.end();
    });
    expect(JSON.parse((await change).split("data: ")[1]!)).toMatchObject({
      runs: [{ id: "a", step: 20 }],
      removed: [],
    });
  });

  test("says in one sentence why it cannot start", async () => {
    const folder = temporaryFolder();
    const page = writePage(folder);
    await expect(serveStudio({ folder: join(folder, "none"), page })).rejects.toThrow(
      /none does not exist; give a folder/,
    );
    await expect(serveStudio({ folder: join(page, "index.html"), page })).rejects.toThrow(/is a file; give a folder/);
    await expect(serveStudio({ folder, page: join(folder, "none") })).rejects.toThrow(/page is not built/);
    const { port } = await served();
    await expect(serveStudio({ folder, page, port })).rejects.toThrow(
      new UserError(`--port: port ${port} is in use; give another one`),
    );
    await expect(serveStudio({ folder, page, host: "192.0.2.1" })).rejects.toThrow(
      /^--host \(=192\.0\.2\.1\): this machine cannot/,
    );
  });
});

describe("a hostile request", () => {
  test.each([
    ["another name (DNS rebinding)", { host: "evil.example:7077" }, 421],
    ["another port", { host: "127.0.0.1:1" }, 421],
    ["another origin", { origin: "http://evil.example" }, 403],
    ["no origin (a sandboxed frame)", { origin: "null" }, 403],
    ["another site", { "sec-fetch-site": "cross-site" }, 403],
    ["another port of this machine", { "sec-fetch-site": "same-site" }, 403],
  ])("from %s is refused", async (_, headers, status) => {
    const { port } = await served();
    const { status: given, text } = await ask(port, "/api/runs", { headers: headers as Record<string, string> });
    expect(given).toBe(status);
    expect(text).not.toContain("digits");
  });

  test("that follows a link to the page is answered, and one for the API is not", async () => {
    const { port } = await served();
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    expect((await ask(port, "/", { headers })).status).toBe(200);
    expect((await ask(port, "/api/runs", { headers })).status).toBe(403);
  });

  test.each([
    "/../../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc/passwd",
    "/page/../../recipe.json",
    "/api/run?id=..",
    "/api/run?id=../secret",
    "/api/run?id=%2Fetc",
    "/api/curves?id=a/../../secret",
    "/api/sample?id=a&step=99",
    "/api/batch-picture?id=a&step=99",
    "/constructor",
    "/__proto__",
  ])("for %s gets nothing", async (path) => {
    const { port, folder } = await served();
    writeRun(join(folder, "secret"), [tick(10)]);
    const { status, text } = await ask(port, path);
    expect(status).toBe(404);
    expect(text).not.toMatch(/root:|hash/);
  });

  test("cannot leave the folder through a link", async () => {
    const { port, folder, runs } = await served();
    writeFileSync(join(folder, "secret.png"), "secret");
    symlinkSync(join(folder, "secret.png"), join(runs, "a/samples/000020.png"));
    mkdirSync(join(folder, "others"));
    writeFileSync(join(folder, "others/000030.png"), "secret");
    symlinkSync(join(folder, "others"), join(runs, "a/batches"));
    expect((await ask(port, "/api/sample?id=a&step=20")).status).toBe(404);
    expect((await ask(port, "/api/batch-picture?id=a&step=30")).status).toBe(403);
  });

  test.each([
    "/api/sample?id=a&step=1e3",
    "/api/sample?id=a&step=-",
    "/api/curves?id=a&from=..",
    "/api/batch?id=a&step=NaN",
  ])("with a number that is none (%s) is refused", async (path) => {
    const { port } = await served();
    expect((await ask(port, path)).status).toBe(400);
  });

  test("that changes something needs the token", async () => {
    const { port, token } = await served();
    for (const path of ["/api/stop", "/api/grid", "/api/test", "/api/rate", "/api/diagnosis"]) {
      expect((await post(port, path, { run: "a" })).status).toBe(401);
      expect((await post(port, path, { run: "a" }, { "x-gantry-token": `${token}x` })).status).toBe(401);
      expect((await ask(port, path)).status).toBe(405);
    }
    const { status, text } = await post(port, "/api/stop", { run: "a" }, { "x-gantry-token": token });
    expect([status, JSON.parse(text).error]).toEqual([409, "this run is not being trained: it is stopped"]);
  });

  test("with a body that is huge, of another type, or not as it should be is refused", async () => {
    const { port, token } = await served();
    const headers = { "x-gantry-token": token };
    expect((await post(port, "/api/stop", { run: "a".repeat(1 << 20) }, headers)).status).toBe(413);
    const chunked = { ...headers, "content-type": "application/json", "transfer-encoding": "chunked" };
    expect(
      (await ask(port, "/api/stop", { method: "POST", headers: chunked, body: Buffer.alloc(64 << 10, 32) })).status,
    ).toBe(413);
    expect((await ask(port, "/api/stop", { method: "POST", headers, body: '{"run":"a"}' })).status).toBe(415);
    expect((await post(port, "/api/stop", { run: "a", more: 1 }, headers)).status).toBe(400);
    expect((await post(port, "/api/stop", [], headers)).status).toBe(400);
    expect((await post(port, "/api/grid", { run: "a", seed: -1, count: 1e9 }, headers)).text).toContain("`seed`");
    expect((await ask(port, `/api/runs?${"a".repeat(8_000)}`)).status).toBe(414);
  });

  test("with 1,000 connections, silent or half-open, does not keep the studio from answering", async () => {
    const { port } = await served();
    await flood(port);
    expect((await ask(port, "/api/runs")).status).toBe(200);
  });
});

describe("a studio that other machines can reach", () => {
  test("gives its page to anybody and everything else for the token only", async () => {
    const { port, token, studio } = await served({ host: "0.0.0.0" });
    expect(studio.exposed).toBe(true);
    expect((await ask(port, "/")).status).toBe(200);
    for (const path of ["/api/runs", "/api/info", "/api/sample?id=a&step=10", "/api/changes"]) {
      expect((await ask(port, path)).status).toBe(401);
    }
    expect((await ask(port, `/api/sample?id=a&step=10&token=${token}`)).status).toBe(200);
    expect((await ask(port, "/api/runs", { headers: { "x-gantry-token": token } })).status).toBe(200);
    expect((await ask(port, "/", { headers: { host: `evil.example:${port}` } })).status).toBe(421);
  });
});

describe("the request to stop", () => {
  test("is a file in the folder of a run that is trained", async () => {
    const { port, runs, token } = await served();
    const { pid } = process;
    writeRun(join(runs, "b"), [event("start", 0), tick(10)]);
    const { hostname } = await import("node:os");
    writeFileSync(join(runs, "b/running.json"), JSON.stringify({ pid, host: hostname() }));
    expect((await post(port, "/api/stop", { run: "b" }, { "x-gantry-token": token })).status).toBe(200);
    expect(readFileSync(join(runs, "b/stop"), "utf8")).toBe("");
  });
});

test("gives the table of a run's sweep, with intervals", async () => {
  const { port, runs } = await served();
  writeRun(join(runs, "s/runs/x-seed0"), [tick(10)]);
  const score = { mean: 31.2345, halfWidth: 1.391, count: 2, best: true, values: [] };
  const rows = [
    { cell: "batchSize=4", values: { batchSize: "4" }, planned: 3, finished: 2, failures: [], scores: [score] },
    { cell: "batchSize=8", values: { batchSize: "8" }, planned: 3, finished: 0, failures: [], scores: [null] },
  ];
  // The second is not there yet, and the third leads elsewhere.
  const cellRuns = ["x-seed0", "x-seed1", "../../a"].map((run) => ({ run, cell: "batchSize=4", seed: 0 }));
  const table = {
    format: 1,
    axes: ["batchSize"],
    columns: [{ name: "fid", score: "fid" }],
    rows,
    notes: ["a note"],
    runs: cellRuns,
  };
  const sweepOf = async (id: string) => JSON.parse((await ask(port, `/api/sweep?id=${id}`)).text).sweep;
  expect(await sweepOf("s/runs/x-seed0")).toBeNull();
  writeFileSync(join(runs, "s/table.json"), JSON.stringify(table));
  expect(await sweepOf("s/runs/x-seed0")).toEqual({
    axes: ["batchSize"],
    columns: ["fid"],
    rows: [
      {
        ...{ cell: "batchSize=4", values: ["4"], planned: 3, finished: 2, runs: ["s/runs/x-seed0"] },
        scores: [{ text: "31.2 ± 1.4", count: 2, best: true }],
      },
      { cell: "batchSize=8", values: ["8"], planned: 3, finished: 0, runs: [], scores: [null] },
    ],
    notes: ["a note"],
  });
  expect(await sweepOf("a")).toBeNull();
  writeFileSync(join(runs, "s/table.json"), '{"rows": 1}');
  expect(await sweepOf("s/runs/x-seed0")).toBeNull();
});

test("gives one number of several runs in few points, and a score", async () => {
  const { port, runs } = await served();
  writeRun(join(runs, "b"), [event("start", 0), tick(10), scores(10, 7), tick(20), scores(20, 5)]);
  const get = async (query: string) => ask(port, `/api/small-curves?${query}`);
  expect(JSON.parse((await get("id=a&id=b&number=lossG")).text).curves).toEqual([
    { id: "a", points: [[10, 10]] },
    {
      id: "b",
      points: [
        [10, 10],
        [20, 20],
      ],
    },
  ]);
  expect(JSON.parse((await get("id=a&id=b&score=fid")).text).curves[1].points).toEqual([
    [10, 7],
    [20, 5],
  ]);
  expect((await get("id=none&number=lossG")).status).toBe(404);
  expect((await get("id=a")).status).toBe(400);
  expect((await get(`${"id=a&".repeat(33)}number=k`)).status).toBe(400);
});

describe("a diagnosis", () => {
  const outputs = (step: number) => tick(step, { dReal: 0.99, dFake: 0.01, gradNormD: 1, gradNormG: 1 });
  const lines = [event("start", 0), ...Array.from({ length: 30 }, (_, i) => outputs(10 * (i + 1)))];

  test("has each fault with its evidence, and what was checked or could not be", async () => {
    const { port, runs, token } = await served();
    writeRun(join(runs, "b"), lines);
    const { status, text } = await post(port, "/api/diagnosis", { run: "b" }, { "x-gantry-token": token });
    expect(status, text).toBe(200);
    const { step, findings, clear, unknown } = JSON.parse(text);
    expect(step).toBe(300);
    expect(findings).toMatchObject([
      { name: "discriminator-wins", title: "D wins", since: 10, page: "how-to/diagnose.md#discriminator-wins" },
    ]);
    expect(findings[0].evidence).toContain("0.99");
    expect(clear).toContain("generator-wins");
    expect(unknown.map(({ name }: { name: string }) => name)).toContain("overfitting");
  });

  test("runs no code of a run that this machine does not know, and says so", async () => {
    const { port, runs, token } = await served();
    const module = join(runs, "b/part.ts");
    const data = { name: "digits", count: 9, sample: { size: 16, channels: 1 }, classes: [] };
    writeRun(join(runs, "b"), lines, { modules: [module], data });
    writeFileSync(
      module,
      'import { writeFileSync } from "node:fs"; writeFileSync(new URL("./ran", import.meta.url), "");',
    );
    const picture = await sharp({ create: { width: 146, height: 146, channels: 3, background: "gray" } }).png();
    for (const grid of [100, 200, 300]) {
      writeFileSync(join(runs, `b/samples/${String(grid).padStart(6, "0")}.png`), await picture.toBuffer());
    }
    const { text } = await post(port, "/api/diagnosis", { run: "b" }, { "x-gantry-token": token });
    const { findings, unknown } = JSON.parse(text);
    expect(findings).toMatchObject([{ name: "discriminator-wins" }]);
    expect(unknown.find(({ name }: { name: string }) => name === "memorising").reason).toMatch(/part\.ts.*--trust/s);
    expect(existsSync(join(runs, "b/ran"))).toBe(false);
  });

  test("writes no picture through a link", async () => {
    const { port, folder, runs, token } = await served();
    symlinkSync(folder, join(runs, "a/diagnosis"));
    const { status, text } = await post(port, "/api/diagnosis", { run: "a" }, { "x-gantry-token": token });
    expect([status, JSON.parse(text).error]).toEqual([403, expect.stringContaining("is a link")]);
  });
});
