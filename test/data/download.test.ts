import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { create } from "tar";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { UserError } from "../../src/base/errors.ts";
import { download, type OfficialFile } from "../../src/data/download.ts";
import { getDataset } from "../../src/data/get.ts";
import { defineImageDataset, namedDatasets } from "../../src/data/index.ts";
import { namedDataset, type OfficialDataset, officialDataset } from "../../src/data/named.ts";
import { photographs } from "../../src/data/options.ts";
import { datasetsFolder } from "../../src/data/paths.ts";
import * as shippedSets from "../../src/data/sets/index.ts";
import { temporaryFolder } from "../formats/folder.ts";

const folder = temporaryFolder();
const contents = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251));
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

type Handler = (request: IncomingMessage, response: ServerResponse, start: number) => void;

/** What the server does with the next requests, the last one for all further ones; what it was asked for. */
let script: Handler[] = [];
let ranges: (string | undefined)[] = [];
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const handler = script.length > 1 ? script.shift()! : script[0]!;
    handler(request, response, start);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

afterEach(() => {
  ranges = [];
});

/** Serves the range that was asked for, as a good server does. */
const good =
  (bytes: Buffer = contents): Handler =>
  (_, response, start) => {
    if (start > 0) response.setHeader("content-range", `bytes ${start}-${bytes.length - 1}/${bytes.length}`);
    response.writeHead(start > 0 ? 206 : 200, { "content-length": bytes.length - start }).end(bytes.subarray(start));
  };

/** Ignores ranges: always the whole file. */
const ignoresRange: Handler = (_, response) => response.writeHead(200).end(contents);

/** Sends some bytes of the wanted range, then what `then` does. */
const sends =
  (count: number, then: (response: ServerResponse) => void): Handler =>
  (_, response, start) => {
    if (start > 0) response.setHeader("content-range", `bytes ${start}-${contents.length - 1}/${contents.length}`);
    response.writeHead(start > 0 ? 206 : 200, { "content-length": contents.length - start });
    response.write(contents.subarray(start, start + count), () => then(response));
  };

const drops = (count: number): Handler => sends(count, (response) => response.destroy());
const stalls = (count: number): Handler => sends(count, () => undefined);
const status =
  (code: number): Handler =>
  (_, response) =>
    response.writeHead(code).end("no");

const quick = { stallMs: 300, backoffMs: 1, attempts: 4 };
const file = (change: Partial<OfficialFile> = {}): OfficialFile => ({
  name: "file.bin",
  urls: [`${base}/file.bin`],
  sha256: sha256(contents),
  bytes: contents.length,
  ...change,
});

/** Runs a download against scripted answers; gives what it did and asked for. */
async function run(
  handlers: Handler[],
  change: Partial<OfficialFile> = {},
  before: (target: string) => void = () => undefined,
): Promise<{ target: string; retries: string[]; result: string }> {
  script = handlers;
  const place = join(folder, `case-${Math.random()}`);
  mkdirSync(place);
  const target = join(place, "file.bin");
  before(target);
  const retries: string[] = [];
  const result = await download(file(change), target, { ...quick, onRetry: (reason) => retries.push(reason) });
  expect(readFileSync(target).equals(contents)).toBe(true);
  expect(readdirSync(place)).toEqual(["file.bin"]);
  return { target, retries, result };
}

describe("download", () => {
  it("fetches, verifies, reports progress, and does nothing the second time", async () => {
    const seen: number[] = [];
    script = [good()];
    const target = join(folder, "plain/file.bin");
    // A busy machine may not answer for some seconds, and a second request would be a second range.
    const patient = { ...quick, stallMs: 20_000 };
    expect(await download(file(), target, { ...patient, onProgress: (done) => seen.push(done) })).toBe("downloaded");
    expect(seen.at(-1)).toBe(contents.length);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    expect(await download(file(), target, patient)).toBe("present");
    expect(ranges).toEqual([undefined]);
  });

  it("continues where the connection broke", async () => {
    const { retries } = await run([drops(100_000), drops(50_000), good()]);
    expect(ranges[0]).toBeUndefined();
    expect(ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? ""))).toBe(true);
    expect(retries).toHaveLength(2);
  });

  it("continues where an earlier run was interrupted", async () => {
    await run([good()], {}, (target) => writeFileSync(`${target}.part`, contents.subarray(0, 123_456)));
    expect(ranges).toEqual(["bytes=123456-"]);
  });

  it("gives up a connection that stalls, and continues from there", async () => {
    const { retries } = await run([stalls(80_000), good()]);
    expect(retries).toEqual(["no byte for 0.3 s"]);
    expect(ranges[1]).toMatch(/^bytes=\d+-$/);
  });

  it("gives up a server that never answers", async () => {
    const { retries } = await run([() => undefined, good()]);
    expect(retries).toEqual(["no byte for 0.3 s"]);
  });

  it("starts over when the server ignores the range", async () => {
    await run([drops(100_000), ignoresRange]);
    expect(ranges).toHaveLength(2);
  });

  it("recognises a body that is shorter than it should be", async () => {
    const short: Handler = (_, response) =>
      response.writeHead(200, { "content-length": 1000 }).end(contents.subarray(0, 1000));
    const { retries } = await run([short, good()]);
    expect(retries[0]).toBe("the connection ended after 1000 of 300000 bytes");
  });

  it("does not take a range that starts elsewhere", async () => {
    const shifted: Handler = (_, response, start) =>
      response
        .writeHead(206, { "content-range": `bytes ${start + 5}-299999/300000` })
        .end(contents.subarray(start + 5));
    const { retries } = await run([drops(100_000), shifted, good()]);
    expect(retries[1]).toMatch(/a range that starts at \d+, not at/);
  });

  it("throws away contents with another sum and fetches them again", async () => {
    const lie = Buffer.from(contents);
    lie[200_000]! ^= 1;
    const { retries } = await run([good(lie), good()]);
    expect(retries[0]).toMatch(/the file's SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}/);
    // A part that some other program left is no better.
    await run([good()], {}, (target) => writeFileSync(`${target}.part`, Buffer.alloc(5000)));
  });

  it("tries again on passing failures of the server", async () => {
    const { retries } = await run([status(503), status(429), good()]);
    expect(retries).toEqual(["HTTP status 503", "HTTP status 429"]);
  });

  it("follows redirections, and goes to the next address when one fails for good", async () => {
    const { retries } = await run([
      (_, response) => response.writeHead(302, { location: `${base}/there` }).end(),
      good(),
    ]);
    expect(retries).toEqual([]);
    await run([status(404), good()], { urls: [`${base}/gone`, `${base}/mirror`] });
  });

  it("takes over the lock of a process that died, not that of one that lives", async () => {
    const lockOf = (pid: number): string => JSON.stringify({ pid, host: hostname() });
    await run([good()], {}, (target) => writeFileSync(`${target}.lock`, lockOf(999999999)));
    const target = join(folder, "locked");
    writeFileSync(`${target}.lock`, lockOf(process.ppid));
    await expect(download(file(), target, quick)).rejects.toThrow(/is being downloaded by process \d+; wait for it/);
    script = [stalls(10)];
    const first = download(file(), join(folder, "twice"), quick).catch((error: Error) => error.message);
    await expect(download(file(), join(folder, "twice"), quick)).rejects.toThrow(/is being downloaded/);
    expect(await first).toMatch(/could not be downloaded/);
  });
});

describe("a download that cannot succeed", () => {
  const failure = async (handlers: Handler[], change: Partial<OfficialFile> = {}): Promise<string> => {
    script = handlers;
    const target = join(folder, `failing-${Math.random()}`);
    const error = await download(file(change), target, quick).then(
      () => new Error("it succeeded"),
      (reason: Error) => reason,
    );
    expect(error).toBeInstanceOf(UserError);
    expect(existsSync(target)).toBe(false);
    expect(existsSync(`${target}.lock`)).toBe(false);
    expect(error.message).toContain(`put it at ${target} and run the command again`);
    return error.message;
  };

  it("ends when the server sends wrong contents every time", async () => {
    expect(await failure([good(Buffer.alloc(300_000))])).toMatch(/it serves another file \(wrong SHA-256 twice\)/);
  });

  it("ends: with a server that sends more than the file has", async () => {
    expect(await failure([good(Buffer.alloc(400_000))])).toMatch(/it sends more than the 300000 bytes of the file/);
  });

  it("ends: with a server that breaks off early each time and ignores ranges", async () => {
    const early: Handler = (_, response) => {
      response.writeHead(200, { "content-length": contents.length });
      response.write(contents.subarray(0, 60_000), () => response.destroy());
    };
    await failure([early]);
    expect(ranges.length).toBeLessThan(10);
  });

  it("ends: with a server that always stalls or refuses", async () => {
    expect(await failure([stalls(0)])).toMatch(/no byte for 0.3 s/);
    expect(await failure([status(403)])).toMatch(/127.0.0.1:\d+: HTTP status 403/);
  });

  it("ends: with no server, or no such host", async () => {
    expect(await failure([], { urls: ["http://127.0.0.1:9/x"] })).toMatch(/127.0.0.1:9: .*(ECONNREFUSED|bad port)/);
    const unknown = await failure([], { urls: ["http://no-such-host.invalid/x"] });
    expect(unknown).toMatch(/no-such-host.invalid: the host's name cannot be resolved \(no internet\?\)/);
  });

  it("leaves alone a file that it does not know", async () => {
    const target = join(folder, "foreign");
    writeFileSync(target, "mine");
    await expect(download(file(), target, quick)).rejects.toThrow(/foreign is there but its SHA-256 is not/);
    expect(readFileSync(target, "utf8")).toBe("mine");
  });
});

describe("getDataset", () => {
  let archive: Buffer;
  const member = Buffer.from("the data");

  beforeAll(async () => {
    const source = join(folder, "archive/cifar-10-batches-bin");
    mkdirSync(source, { recursive: true });
    writeFileSync(join(source, "data_batch_1.bin"), member);
    writeFileSync(join(source, "readme.html"), "unwanted");
    await create({ file: join(folder, "a.tar.gz"), gzip: true, cwd: join(folder, "archive") }, [
      "cifar-10-batches-bin",
    ]);
    archive = readFileSync(join(folder, "a.tar.gz"));
  });

  const dataset = (change: Partial<OfficialDataset> = {}): OfficialDataset => ({
    name: "toy",
    title: "Toy",
    home: "http://example.invalid/",
    files: [{ name: "toy.tar.gz", urls: [`${base}/toy.tar.gz`], sha256: sha256(archive), bytes: archive.length }],
    unpack: { "cifar-10-batches-bin/data_batch_1.bin": sha256(member) },
    ...change,
  });

  it("downloads, verifies, unpacks the wanted members, and does nothing the second time", async () => {
    const root = join(folder, "get");
    script = [good(archive)];
    const result = await getDataset(dataset(), { ...quick, folder: root });
    expect(result).toEqual({ folder: join(root, "toy"), downloaded: ["toy.tar.gz"] });
    expect(readdirSync(join(root, "toy"))).toEqual(["cifar-10-batches-bin"]);
    expect(readdirSync(join(root, "toy/cifar-10-batches-bin"))).toEqual(["data_batch_1.bin"]);
    expect((await getDataset(dataset(), { ...quick, folder: root })).downloaded).toEqual([]);
    expect(ranges).toHaveLength(1);
  });

  it("uses an archive that a person brought, and leaves it", async () => {
    const root = join(folder, "brought");
    mkdirSync(join(root, "toy"), { recursive: true });
    writeFileSync(join(root, "toy/toy.tar.gz"), archive);
    script = [status(500)];
    expect((await getDataset(dataset(), { ...quick, folder: root })).downloaded).toEqual([]);
    expect(readdirSync(join(root, "toy")).sort()).toEqual(["cifar-10-batches-bin", "toy.tar.gz"]);
    expect(ranges).toEqual([]);
  });

  it("checks members by their size where only the archive's sum is known", async () => {
    const root = join(folder, "sizes");
    const sized = dataset({ unpack: { "cifar-10-batches-bin/data_batch_1.bin": member.length } });
    script = [good(archive)];
    expect((await getDataset(sized, { ...quick, folder: root })).downloaded).toEqual(["toy.tar.gz"]);
    script = [status(500)];
    expect((await getDataset(sized, { ...quick, folder: root })).downloaded).toEqual([]);
  });

  it("unpacks again when a file was damaged since", async () => {
    const root = join(folder, "damaged");
    script = [good(archive)];
    await getDataset(dataset(), { ...quick, folder: root });
    writeFileSync(join(root, "toy/cifar-10-batches-bin/data_batch_1.bin"), "other");
    await getDataset(dataset(), { ...quick, folder: root });
    expect(readFileSync(join(root, "toy/cifar-10-batches-bin/data_batch_1.bin")).equals(member)).toBe(true);
  });

  it("refuses an archive without the wanted files or with others in their place", async () => {
    script = [good(archive)];
    const root = join(folder, "wrong");
    const absent = dataset({ unpack: { "cifar-10-batches-bin/other.bin": sha256(member) } });
    await expect(getDataset(absent, { ...quick, folder: root })).rejects.toThrow(
      /does not hold cifar-10-batches-bin\/other.bin/,
    );
    const changed = dataset({ unpack: { "cifar-10-batches-bin/data_batch_1.bin": sha256(contents) } });
    await expect(getDataset(changed, { ...quick, folder: root })).rejects.toThrow(/data_batch_1.bin has SHA-256/);
    const short = dataset({ unpack: { "cifar-10-batches-bin/data_batch_1.bin": member.length + 1 } });
    await expect(getDataset(short, { ...quick, folder: root })).rejects.toThrow(/data_batch_1.bin has 8 bytes, not 9/);
    const junk = Buffer.alloc(5000, 1);
    script = [good(junk)];
    const files = [{ name: "j.tar.gz", urls: [`${base}/j`], sha256: sha256(junk), bytes: junk.length }];
    await expect(getDataset(dataset({ files }), { ...quick, folder: root })).rejects.toThrow(
      /j.tar.gz cannot be unpacked/,
    );
    expect(readdirSync(join(root, "toy")).sort()).toEqual(["j.tar.gz", "toy.tar.gz"]);
  });

  it("says without internet which files to put where", async () => {
    const root = join(folder, "offline");
    const files = ["a.gz", "b.gz"].map((name) => ({ name, urls: ["http://127.0.0.1:9/"], sha256: "0", bytes: 1 }));
    const attempt = getDataset(dataset({ files, unpack: {} }), { ...quick, folder: root });
    await expect(attempt).rejects.toThrow(
      `without internet, put a.gz, b.gz (from http://example.invalid/) in ${join(root, "toy")} and run the command again`,
    );
  });
});

describe("the registry", () => {
  const download = namedDatasets().flatMap(({ name, download }) => (download ? [{ name, ...download }] : []));
  const byHand = namedDatasets().flatMap(({ name, byHand }) => (byHand ? [name] : []));

  it("knows every dataset that a file in sets/ defines", () => {
    const sets = new URL("../../src/data/sets/", import.meta.url);
    const defining = /^export const (\w+) = define(?:Image)?Dataset\(/gm;
    const defined = readdirSync(sets).flatMap((file) =>
      [...readFileSync(new URL(file, sets), "utf8").matchAll(defining)].map(([, name]) => name!),
    );
    expect([...defined, "dataFromArrays"].sort()).toEqual(Object.keys(shippedSets).sort());
    expect(download.map(({ name }) => name)).toEqual([
      "cifar10",
      "cifar100",
      "fashion-mnist",
      "kmnist",
      "mnist",
      "stl10",
    ]);
    expect(byHand).toEqual(["celeba", "celeba-hq", "emnist", "imagenet", "lsun"]);
  });

  it("pins a sum and a size for every file", () => {
    for (const { files, unpack, name } of download) {
      expect(files.length, name).toBeGreaterThan(0);
      for (const { sha256: sum, bytes, urls } of files) {
        expect(sum).toMatch(/^[0-9a-f]{64}$/);
        expect(bytes).toBeGreaterThan(1000);
        for (const url of urls) expect(() => new URL(url)).not.toThrow();
      }
      for (const expected of Object.values(unpack ?? {})) expect(String(expected)).toMatch(/^([0-9a-f]{64}|\d{4,10})$/);
    }
  });

  it("says what to put where of the datasets that cannot be downloaded", () => {
    for (const name of byHand) {
      expect(() => officialDataset(name)).toThrow(UserError);
      expect(() => officialDataset(name)).toThrow(join(datasetsFolder(), name));
    }
    expect(() => officialDataset("celeba")).toThrow(
      /get img_align_celeba.zip, list_attr_celeba.txt and list_eval_partition/,
    );
  });

  it("takes a dataset of a user's by its definition alone, but none under a name that is taken", () => {
    const schema = z.strictObject(photographs);
    const nothing = async () => {
      throw new Error("not opened here");
    };
    const sprites = defineImageDataset("sprites", schema, nothing, {
      name: "sprites",
      byHand: (at) => `look in ${at}`,
    });
    expect(namedDataset("sprites")!.describe({ size: 16 } as never).options).toEqual(sprites({ size: 16 }).options);
    expect(() => officialDataset("sprites")).toThrow(`look in ${join(datasetsFolder(), "sprites")}`);
    expect(() => defineImageDataset("my-mnist", schema, nothing, { name: "mnist" })).toThrow(
      /a dataset named `mnist` already/,
    );
  });

  it("suggests the nearest name", () => {
    expect(() => officialDataset("cifar-10")).toThrow(
      /nothing to get under the name `cifar-10`; did you mean `cifar10`/,
    );
  });
});
