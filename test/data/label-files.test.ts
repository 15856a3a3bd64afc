/** Label files: the table of each format, which image a name means, and what is refused. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { packOf } from "../../src/data/define.ts";
import { NameFinder } from "../../src/data/labels/names.ts";
import { readTable } from "../../src/data/labels/table.ts";
import { imageFolder } from "../../src/data/sets/image-folder.ts";
import { usageOf } from "../../src/data/usage.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { imageFile, labelsOf, zipOf } from "./files.ts";

const folder = temporaryFolder();
const cache = join(folder, "cache");
const root = join(folder, "photos");

/** Image i is of gray level 10 i. */
const names = ["a.png", "b.png", "sub/c.png", "sub/d.png"];

const pack = (options: object, path = root) =>
  packOf(imageFolder({ path, size: 8, channels: 1, ...options }), { cache, workers: 0 });

/** Writes a label file next to the folder. */
function file(name: string, text: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const cells = (text: string | Uint8Array, name = "labels.csv") => {
  const { columns, rows } = readTable(Buffer.from(text as string), name);
  return [columns, ...rows.map((row) => row.cells)];
};

/** The class of each image of a pack, by its gray level. */
const classOfGray = ({ imagesPath, header, labelsPath }: Awaited<ReturnType<typeof pack>>) => {
  const pixels = readFileSync(imagesPath);
  const labels = labelsOf({ labelsPath } as never);
  return Object.fromEntries(labels.map((label, i) => [pixels[i * 64]!, header.classes[label]]));
};

beforeAll(async () => {
  mkdirSync(join(root, "sub"), { recursive: true });
  for (const [i, name] of names.entries()) {
    writeFileSync(join(root, name), await imageFile("png", 8, 8, { r: 10 * i, g: 10 * i, b: 10 * i }));
  }
});

describe("a label file as a table", () => {
  it("reads CSV as RFC 4180 has it, with a byte order mark and any line ends", () => {
    const wanted = [
      ["file", "class"],
      ["a.png", 'a "b", c'],
      ["b.png", "two\nlines"],
    ];
    expect(cells('file,class\na.png,"a ""b"", c"\nb.png,"two\nlines"\n')).toEqual(wanted);
    expect(cells('\ufefffile,class\r\n"a.png","a ""b"", c"\r\n\r\n"b.png","two\nlines"')).toEqual(wanted);
  });

  it("reads semicolons, tabs, UTF-16, and leaves spaces around cells out, but not within quotes", () => {
    const wanted = [
      ["file", "class"],
      ["a.png", "x"],
      ["b.png", " y"],
    ];
    expect(cells('file;class\na.png; x\nb.png;" y"\n')).toEqual(wanted);
    expect(cells('file\tclass\na.png\tx\nb.png\t" y"\n', "labels.tsv")).toEqual(wanted);
    expect(cells(Buffer.from('\ufefffile\tclass\na.png\tx\nb.png\t" y"\n', "utf16le"))).toEqual(wanted);
  });

  it("reads JSON as a list, an object or StyleGAN's pairs, and JSON Lines", () => {
    const wanted = [
      ["file", "class"],
      ["a.png", "x"],
      ["b.png", 2],
    ];
    expect(cells('[{"file":"a.png","class":"x"},{"file":"b.png","class":2}]', "l.json")).toEqual(wanted);
    expect(cells('{"a.png":"x","b.png":2}', "l.json")).toEqual(wanted);
    expect(cells('{"a.png":{"class":"x"},"b.png":{"class":2}}', "l.json")).toEqual(wanted);
    expect(cells('{"labels":[["a.png","x"],["b.png",2]]}', "l.json")).toEqual(wanted);
    expect(cells('{"file":"a.png","class":"x"}\n\n{"class":2,"file":"b.png"}\r\n', "l.jsonl")).toEqual(wanted);
    expect(cells('{"a.png":[0,1.5],"b.png":[1,2]}', "l.json")).toEqual([
      ["file", "c0", "c1"],
      ["a.png", 0, 1.5],
      ["b.png", 1, 2],
    ]);
  });

  it("reads the files of each class, and what pandas writes", () => {
    // pandas.DataFrame({"name": ["b.png", "a.png"], "class": ["x", 2]}).to_json(orient=...), pandas 2.3; the rows' numbers are no names.
    const wanted = [
      ["name", "class"],
      ["b.png", "x"],
      ["a.png", 2],
    ];
    const forms = {
      columns: '{"name":{"0":"b.png","1":"a.png"},"class":{"0":"x","1":2}}',
      index: '{"0":{"name":"b.png","class":"x"},"1":{"name":"a.png","class":2}}',
      records: '[{"name":"b.png","class":"x"},{"name":"a.png","class":2}]',
      split: '{"columns":["name","class"],"index":[0,1],"data":[["b.png","x"],["a.png",2]]}',
      table:
        '{"schema":{"fields":[{"name":"index","type":"integer"},{"name":"name","type":"string"},{"name":"class","type":"string"}],' +
        '"primaryKey":["index"],"pandas_version":"1.4.0"},"data":[{"index":0,"name":"b.png","class":"x"},{"index":1,"name":"a.png","class":2}]}',
    };
    for (const [form, text] of Object.entries(forms)) expect([form, cells(text, "l.json")]).toEqual([form, wanted]);
    // By set_index("file").
    expect(cells('{"class":{"b.png":"x","a.png":2},"age":{"b.png":3,"a.png":4}}', "l.json")).toEqual([
      ["file", "class", "age"],
      ["b.png", "x", 3],
      ["a.png", 2, 4],
    ]);
    // The files of each class.
    expect(cells('{"x":["b.png"],"2":["a.png"]}', "l.json")).toEqual([
      ["file", "class"],
      ["a.png", "2"],
      ["b.png", "x"],
    ]);
    expect(() => cells('[["b.png","x"],["a.png",2]]', "l.json")).toThrow(/entry 1 is no object such as/);
  });

  it("passes over rows without a cell, as spreadsheets write them", () => {
    const table = readTable(Buffer.from("file;class\r\na.png;x\r\n;\r\nb.png;y\r\n; \r\n;\r\n"), "labels.csv");
    expect(table.rows.map(({ cells, place }) => [...cells, place])).toEqual([
      ["a.png", "x", "line 2"],
      ["b.png", "y", "line 4"],
    ]);
  });

  it("passes over Excel's line of the separator", () => {
    const table = readTable(Buffer.from("sep=;\r\nfile;class\r\na.png;x\r\n"), "labels.csv");
    expect(table.columns).toEqual(["file", "class"]);
    expect(table.rows).toEqual([{ cells: ["a.png", "x"], place: "line 3" }]);
  });

  it("says where a damaged one is damaged", () => {
    expect(() => cells("file,class\na.png,x,y\n")).toThrow(/labels.csv: line 2: it has another number of cells/);
    expect(() => cells('file,class\na.png,"x\n')).toThrow(/a quote is opened and never closed/);
    expect(() => cells('file,class\na.png,x"y\n')).toThrow(/line 2: it is no CSV: a quote inside a cell/);
    expect(() => cells("file,class,class\na.png,x,y\n")).toThrow(/two columns are called `class`/);
    expect(() => cells("file,class\n")).toThrow(/it has no rows/);
    expect(() => cells(Buffer.from([0x66, 0xff, 0xfe]))).toThrow(/it is no text in UTF-8/);
    expect(() => cells('{"a.png":1,"b.png":{"a.png":2},"a.png":3}', "l.json")).toThrow(/the key `a.png` twice/);
    expect(() => cells('{"file":"a.png"}\n{', "l.jsonl")).toThrow(/l.jsonl: line 2: it is no JSON/);
    expect(() => cells("[1]", "l.json")).toThrow(/entry 1 is no object/);
    expect(() => cells("x", "labels.xlsx")).toThrow(/ends in .csv, .tsv, .json, .jsonl, .ndjson, not in `.xlsx`$/);
    expect(() => cells("x", "/x/list_attr_celeba.txt")).toThrow(/not in `.txt`; the dataset celeba reads this one$/);
  });
});

describe("the image that a name means", () => {
  const read = (wanted: readonly string[], paths: readonly string[]) => {
    const finder = new NameFinder(paths);
    const found = finder.find(wanted);
    finder.refuseUnclear(wanted, found, "table");
    return found;
  };
  const find = (wanted: readonly string[], paths = names) => [...read(wanted, paths).images];

  it("is found by its path or the end of it", () => {
    expect(find(["a.png", "./sub/c.png", "d.png", "e.png"])).toEqual([0, 2, 3, -1]);
    expect(find(["sub\\c.png"])).toEqual([2]);
    // A whole path wins over an end.
    expect(find(["a.png", "x/a.png"], ["a.png", "x/a.png"])).toEqual([0, 1]);
    expect(find(["caf\u00e9.png"], ["cafe\u0301.png"])).toEqual([0]);
  });

  it("or, where each side has one folder, by the last part; or without its ending", () => {
    expect(read(["C:\\x\\b.png", "C:\\x\\z.png"], ["p/a.png", "p/b.png"])).toMatchObject({
      images: Int32Array.of(1, -1),
      way: "by the last part of its names",
    });
    expect(find(["test/1.png", "train/1.png"], ["train/1.png"])).toEqual([-1, 0]);
    expect(find(["test/1.png", "val/1.png"], ["train/1.png"])).toEqual([-1, -1]);
    expect(find(["d", "a"])).toEqual([3, 0]);
  });

  it("is refused where several have it", () => {
    expect(() => find(["1.png"], ["x/1.png", "y/1.png"])).toThrow(/table: `1.png` may be `x\/1.png` or `y\/1.png`/);
    expect(() => find(["1"], ["1.png", "1.jpg"])).toThrow(/`1` may be `1.png` or `1.jpg`/);
  });

  it("is exact where two images differ only in Unicode form", () => {
    const paths = ["caf\u00e9.png", "cafe\u0301.png"];
    expect(find(["cafe\u0301.png", "caf\u00e9.png"], paths)).toEqual([1, 0]);
    expect(find(["cafe\u0301", "caf\u00e9"], paths)).toEqual([1, 0]);
    const mixed = ["\u00e9e\u0301.png", "e\u0301\u00e9.png"];
    expect(() => find(["\u00e9\u00e9.png"], mixed)).toThrow(
      /may be `.*` or `.*`, which differ only in Unicode form \(NFC, NFD\); rename one of these$/,
    );
  });
});

describe("classes from a label file", () => {
  it("take the place of folders, whole numbers by size", async () => {
    const labelFile = file("classes.csv", "file,class\na.png,10\nb.png,9\nsub/c.png,9\nd.png,10\n");
    const made = await pack({ labelFile });
    expect(made.header.classes).toEqual(["9", "10"]);
    expect(classOfGray(made)).toEqual({ 0: "10", 10: "9", 20: "9", 30: "10" });
    expect(made.header.note).toContain("labels from classes.csv, names from column file, classes from column class");
    // One of each class in turn.
    expect(labelsOf(made)).toEqual([0, 1, 0, 1]);
    expect((await pack({ labelFile, classes: ["10"] })).header).toMatchObject({ classes: ["10"], count: 2 });
  });

  it("say which images have no row, and which rows no image", async () => {
    const labelFile = file("part.jsonl", '{"file_name":"a.png","label":"x"}\n{"file_name":"gone.png","label":"x"}\n');
    const { header } = await pack({ labelFile });
    expect(header).toMatchObject({ count: 1, classes: ["x"], table: { rows: 2, withoutRow: 3, withoutImage: 1 } });
    expect(usageOf(header)).toBe(
      "photos: 1 image of 4 files; labels from part.jsonl, names from column file_name, classes from column label; 3 without a row in part.jsonl; 1 row of part.jsonl without an image",
    );
  });

  it("are another pack when a label changes, and the same wherever the table lies", async () => {
    const text = "file,class\na.png,x\nb.png,y\n";
    const before = await pack({ labelFile: file("changing.csv", text) });
    mkdirSync(join(folder, "moved"), { recursive: true });
    expect((await pack({ labelFile: file("moved/changing.csv", text) })).folder).toBe(before.folder);
    const after = await pack({ labelFile: file("changing.csv", text.replace("x", "y")) });
    expect(after.folder).not.toBe(before.folder);
    expect(after.header.classes).toEqual(["y"]);
  });

  it("may lie in a zip archive, named as if that were a folder", async () => {
    const archive = join(folder, "photos.zip");
    const table = { name: "photos/labels.csv", data: Buffer.from("file,class\na.png,x\nd.png,y\n") };
    const images = names.map((name) => ({ name: `photos/${name}`, data: readFileSync(join(root, name)) }));
    writeFileSync(archive, zipOf([...images, table]));
    const { header } = await pack({ labelFile: join(archive, "photos/labels.csv") }, archive);
    expect(header).toMatchObject({ count: 2, classes: ["x", "y"], ignored: {}, table: { withoutRow: 2 } });
    await expect(pack({ labelFile: join(folder, "labels.csv") }, archive)).rejects.toThrow(
      /there is no label file .*labels.csv; did you mean `.*photos.zip\/photos\/labels.csv`\?/,
    );
    const several = join(folder, "several.zip");
    writeFileSync(several, zipOf([...images, { ...table, name: "photos/attributes.csv" }, table]));
    await expect(pack({ labelFile: join(several, "labels.csv") }, several)).rejects.toThrow(
      /did you mean `.*several.zip\/photos\/labels.csv`\?/,
    );
  });

  it("is said where one lies in the folder and is not read", async () => {
    const other = join(folder, "unread");
    mkdirSync(other, { recursive: true });
    writeFileSync(join(other, "a.png"), readFileSync(join(root, "a.png")));
    writeFileSync(join(other, "labels.csv"), "file,class\na.png,x\n");
    expect(usageOf((await pack({}, other)).header)).toBe(
      "unread: 1 image of 2 files; no images: 1 .csv; labels.csv is not read (`labelFile` does)",
    );
    const read = await pack({ labelFile: join(other, "labels.csv") }, other);
    expect(usageOf(read.header)).toBe(
      "unread: 1 image of 1 file; labels from labels.csv, names from column file, classes from column class",
    );
  });

  it("is said where it lies in a sub-folder too, but not where there is a file for each image", async () => {
    const inner = join(folder, "inner");
    mkdirSync(join(inner, "all/cat"), { recursive: true });
    for (let i = 0; i < 5; i++)
      writeFileSync(join(inner, `all/cat/${i}.png`), await imageFile("png", 8, 8, { r: i, g: 0, b: 0 }));
    writeFileSync(join(inner, "all/labels.csv"), "file,class\n0.png,a\n");
    expect(usageOf((await pack({}, inner)).header)).toContain("; all/labels.csv is not read (`labelFile` does)");
    for (let i = 0; i < 5; i++) writeFileSync(join(inner, `all/cat/${i}.json`), "{}");
    expect(usageOf((await pack({}, inner)).header)).not.toContain("is not read");
  });

  it("takes the images of a split only, with the classes of the whole table", async () => {
    const splits = join(folder, "splits");
    for (const [i, name] of ["train/1.png", "train/2.png", "test/1.png"].entries()) {
      mkdirSync(join(splits, name, ".."), { recursive: true });
      writeFileSync(join(splits, name), await imageFile("png", 8, 8, { r: 10 * i, g: 0, b: 0 }));
    }
    const labelFile = file("splits.csv", "path,class\ntrain/1.png,y\ntrain/2.png,x\ntest/1.png,y\n");
    const { header } = await pack({ labelFile }, splits);
    expect(header).toMatchObject({ count: 2, classes: ["x", "y"], table: { withoutRow: 0, withoutImage: 0 } });
    // A class has the same number in each split, whichever it has images in.
    const test = await pack({ labelFile, split: "test" }, splits);
    expect([test.header.classes, labelsOf(test)]).toEqual([["x", "y"], [1]]);
    expect(usageOf(test.header)).toContain("1 of 2 classes without an image: x");
    const ofTrain = file("train.csv", "path,class\ntrain/1.png,y\ntrain/2.png,x\n");
    await expect(pack({ labelFile: ofTrain, split: "test" }, splits)).rejects.toThrow(
      /train.csv: it has no row for any image of the split `test`, such as `test\/1.png`; give a table/,
    );
    writeFileSync(join(splits, "train/2.png"), "");
    await expect(pack({ labelFile }, splits)).rejects.toThrow(
      /class x has no image that can be read; train\/2.png: the file is empty/,
    );
  });

  it.each([
    ["file,class\na.png,x\na.png,y\n", /line 3 names `a.png` as line 2 does, with other values/],
    ["file,class\na.png,\n", /line 2: its `class` is empty; an image without a class is left out/],
    ["file,class\n,x\n", /line 2: its `file` is no name of a file/],
    ["file,class\nz.png,x\n", /none of the 1 names in its column `file` is an image of the data; it has `z.png`/],
    ["file,age,sex\na.png,3,m\n", /2 columns besides the file names \(`age`, `sex`\); say which is the class/],
    ["file,age\na.png,3.5\nb.png,4\n", /`age` holds numbers that are not whole, which are no classes; as a condition/],
    [
      "file;score\na.png;1\nb.png;0,5\n",
      /line 3: its `score` \(=0,5\) is a number with a decimal comma; write numbers with a point/,
    ],
    ["a.png,x\nb.png,y\n", /: its first line must name the columns, such as file,class, and it has `a.png`, `x`$/],
    ["file\na.png\n", /it has no column besides `file`/],
    ["file,class\na.png,x\ngone.png,y\n", /class y has no image that can be read; line 3 of the label file/],
  ])("refuses %j", async (text, message) => {
    await expect(pack({ labelFile: file("bad.csv", text) })).rejects.toThrow(message);
  });

  it("refuses a decimal comma in conditions, and takes such texts as classes where the column is named", async () => {
    const labelFile = file("commas.csv", "file;score\na.png;0,5\nb.png;1,5\n");
    await expect(pack({ labelFile, conditions: ["score"] })).rejects.toThrow(
      /line 2: its `score` is `0,5`, with a decimal comma; write numbers with a point/,
    );
    expect((await pack({ labelFile, classColumn: "score" })).header.classes).toEqual(["0,5", "1,5"]);
  });

  it.each(["NaN", "nan", "NA", "N/A", "<NA>", "null", "None", "empty"])(
    "refuses %s, a missing value, unless it is named",
    async (word) => {
      const labelFile = file("missing.csv", `file,class\na.png,x\nb.png,${word}\n`);
      await expect(pack({ labelFile })).rejects.toThrow(
        `missing.csv: line 3: its \`class\` is \`${word}\`, the word of a missing value; an image without a class is left out when`,
      );
      const { header } = await pack({ labelFile, classes: [word, "x"] });
      expect(header).toMatchObject({ count: 2, classes: [word, "x"] });
    },
  );

  it("says where classes differ by next to nothing", async () => {
    const remarksOf = async (...classes: string[]) => {
      const rows = classes.map((name, i) => `${names[i]},"${name}"\n`).join("");
      const { header } = await pack({ labelFile: file("like.csv", `file,class\n${rows}`) });
      expect(header.classes).toHaveLength(classes.length);
      return header.remarks;
    };
    expect(await remarksOf("True", "false", "true", "FALSE")).toEqual([
      "classes 0 `FALSE` and 2 `false` differ only in case, classes 1 `True` and 3 `true` differ only in case",
    ]);
    expect(await remarksOf("01", "1")).toEqual(["classes 0 `01` and 1 `1` differ only in how a number is written"]);
    expect(await remarksOf("1e3", "1000", "x")).toEqual([
      "classes 0 `1000` and 1 `1e3` differ only in how a number is written",
    ]);
    expect(await remarksOf("a b", "a\u00a0b")).toEqual(["classes 0 `a b` and 1 `a\u00a0b` differ only in spaces"]);
    expect(await remarksOf("A  b", "a b")).toEqual([
      "classes 0 `A  b` and 1 `a b` differ only in case, spaces and form",
    ]);
    // The letters of both cases, whole numbers of more digits than a number keeps, and other words.
    expect(await remarksOf("A", "a", "9007199254740993", "9007199254740992")).toBeUndefined();
    expect(await remarksOf("True", "false")).toBeUndefined();
    const like = await pack({ labelFile: file("like.csv", "file,class\na.png,Cat\nb.png,cat\n") });
    expect(usageOf(like.header)).toMatch(/; classes 0 `Cat` and 1 `cat` differ only in case$/);
  });

  it("says where JSON has a truth value next to words", async () => {
    const noteOf = async (...classes: unknown[]) => {
      const rows = Object.fromEntries(classes.map((one, i) => [names[i], one]));
      return (await pack({ labelFile: file("truth.json", JSON.stringify(rows)) })).header.note;
    };
    expect(await noteOf("cat", false, "dog")).toMatch(
      /column class; `false`, without quotes in the table, is a class$/,
    );
    expect(await noteOf(true, false, true)).toMatch(/column class$/);
    expect(await noteOf("cat", "false")).toMatch(/column class$/);
  });

  it("are one for all Unicode forms of a text, which is said", async () => {
    const rows = [..."xxyy"].map((_, i) => `${names[i]},${["caf\u00e9", "cafe\u0301", "the\u0301", "caf\u00e9"][i]}\n`);
    const { header, ...made } = await pack({ labelFile: file("forms.csv", `file,class\n${rows.join("")}`) });
    expect(header.classes).toEqual(["caf\u00e9", "the\u0301"]);
    expect(classOfGray({ header, ...made })).toEqual({
      0: "caf\u00e9",
      10: "caf\u00e9",
      20: "the\u0301",
      30: "caf\u00e9",
    });
    expect(header.note).toMatch(/column class; `caf\u00e9` is one class, written in several Unicode forms$/);
  });

  it("orders whole numbers by size as pandas writes them where one is missing", async () => {
    const labelFile = file("pandas.csv", "file,class\na.png,10.0\nb.png,2.0\nsub/c.png,0.0\n");
    expect((await pack({ labelFile })).header.classes).toEqual(["0.0", "2.0", "10.0"]);
  });

  it.each(["1e300", "1e-200"])("refuses conditions as %s, whose deviation is not a number or 0", async (value) => {
    const labelFile = file("far.csv", `file,age\na.png,0\nb.png,${value}\n`);
    for (let again = 0; again < 2; again++) {
      await expect(pack({ labelFile, conditions: ["age"] })).rejects.toThrow(
        `the condition \`age\` goes from 0 to ${Number(value)}, and the deviation of such numbers cannot be computed`,
      );
    }
  });

  it("of numbers that JSON rounds are refused, which would make one class of two", async () => {
    const file = join(folder, "large.json");
    const write = (text: string) => writeFileSync(file, text);
    write(
      '{"a0.png": 9007199254740993, "a1.png": 9007199254740992}'
        .replaceAll("a0.png", names[0]!)
        .replace("a1.png", names[1]!),
    );
    await expect(pack({ labelFile: file })).rejects.toThrow(
      /its `class` is a number of about 9007199254740992, which is not kept/,
    );
    write('[{"id": 9007199254740993, "class": "x"}]');
    await expect(pack({ labelFile: file })).rejects.toThrow(/entry 1: its `id` is a number of about 9007199254740992/);
  });

  it("equal rows of one image are one", async () => {
    const labelFile = file("twice.csv", ",file,class\n0,a.png,x\n1,a.png,x\n2,b.png,y\n");
    expect((await pack({ labelFile })).header).toMatchObject({ count: 2, classes: ["x", "y"] });
  });

  it("refuses options that do not go together", () => {
    const labelFile = "labels.csv";
    expect(() => imageFolder({ path: root, classColumn: "class" })).toThrow(
      /`imageFolder.labelFile` is missing: it is needed for .* columns of parquet files are no conditions/,
    );
    expect(() => imageFolder({ path: root, labelFile, classColumn: "a", conditions: ["b"] })).toThrow(
      "`imageFolder.conditions` cannot be given together with `classColumn`: images have a class or conditions, not both",
    );
  });
});

describe("the column of the file names", () => {
  const photos = join(folder, "numbered");
  const columnOf = (note: string) => /names from column (\w+)/.exec(note)?.[1];

  beforeAll(async () => {
    mkdirSync(photos, { recursive: true });
    for (let i = 0; i < 8; i++) {
      writeFileSync(join(photos, `${i}.png`), await imageFile("png", 8, 8, { r: 10 * i, g: 10 * i, b: 10 * i }));
    }
  });

  it.each([
    ["name,photo,label\n3,0.png,a\n2,1.png,b\n1,2.png,a\n0,3.png,b\n", {}],
    ["id,photo,class\n7,0.png,a\n6,1.png,b\n5,2.png,a\n4,3.png,b\n", {}],
    ["photo,class\n0.png,a\n1.png,b\n2.png,a\n3.png,b\n", {}],
    ["id,photo,class\nu-7,0.png,a\nu-6,1.png,b\nu-5,2.png,a\nu-4,3.png,b\n", {}],
    ["image,photo,c\n7,0.png,a\n6,1.png,b\n5,2.png,a\n4,3.png,b\n", { classColumn: "c" }],
  ])("is the one with whole names, whatever it is called: %j", async (text, options) => {
    const made = await pack({ labelFile: file("whole.csv", text), ...options }, photos);
    expect(classOfGray(made)).toEqual({ 0: "a", 10: "b", 20: "a", 30: "b" });
    expect(columnOf(made.header.note)).toBe("photo");
  });

  it("is one of names without their ending where it is called so, or named", async () => {
    const ids = await pack({ labelFile: file("ids.csv", "id,class\n1,0\n0,1\n2,0\n") }, photos);
    expect(classOfGray(ids)).toEqual({ 0: "1", 10: "0", 20: "0" });
    expect(ids.header.note).toContain("names from column id by names without their ending, classes from column class");
    const text = "name,photo,label\n3,0.png,a\n2,1.png,b\n";
    const named = await pack({ labelFile: file("named.csv", text), nameColumn: "name", classColumn: "label" }, photos);
    expect(classOfGray(named)).toEqual({ 30: "a", 20: "b" });
    await expect(pack({ labelFile: file("ages.csv", "person,age\n1,0\n0,1\n") }, photos)).rejects.toThrow(
      /none of its columns is called like file names \(`person`, `age`\)/,
    );
  });

  it("is the one that names more where two name the same images", async () => {
    const text = "image,path,class\n0,0.png,a\n1,1.png,b\n";
    expect(
      columnOf((await pack({ labelFile: file("same.csv", text), classColumn: "class" }, photos)).header.note),
    ).toBe("path");
  });

  it.each([
    [
      "image,target\n0.png,4.png\n1.png,5.png\n",
      /line 2: its `image` \(=0.png\) and `target` \(=4.png\) are names of different images/,
    ],
    [
      "id,number,class\n1,0,a\n0,1,b\n",
      /line 2: its `id` \(=1\) and `number` \(=0\) are names of different images; say which column/,
    ],
    ["file,thumb,class\n0.png,4.png,a\ngone.png,5.png,b\n", /`file` \(=0.png\) and `thumb` \(=4.png\)/],
    ["id,photo,class\n7,0.png,a\n6,gone.png,b\n", /`id` \(=7\) and `photo` \(=0.png\) are names of different images/],
  ])("is refused where two name different images: %j", async (text, message) => {
    const labelFile = file("two.csv", text);
    await expect(pack({ labelFile }, photos)).rejects.toThrow(message);
  });
});

describe("splits of label files", () => {
  it("are obeyed where a column says them, or said to be not used", async () => {
    const labels = ["train", "test", "train", "test"].map((split, i) => `${names[i]},${"abab"[i]},${split}\n`).join("");
    const labelFile = file("splits.csv", `file,label,split\n${labels}`);
    const train = await pack({ labelFile });
    expect([train.header.name, classOfGray(train)]).toEqual(["photos (train)", { 0: "a", 20: "a" }]);
    expect(train.header.classes).toEqual(["a", "b"]);
    const test = await pack({ labelFile, split: "Test" });
    expect([test.header.name, classOfGray(test)]).toEqual(["photos (test)", { 10: "b", 30: "b" }]);
    await expect(pack({ labelFile, split: "val" })).rejects.toThrow(
      /splits.csv: its column `split` has no split `val`; accepted: train, test/,
    );
    const folds = file("folds.csv", `file,label,split\n${names.map((name, i) => `${name},x,${i}\n`).join("")}`);
    const all = await pack({ labelFile: folds });
    expect([all.header.count, all.header.note]).toEqual([4, expect.stringMatching(/; its column `split` is not used/)]);
    expect((await pack({ labelFile: folds, split: "2" })).header.count).toBe(1);
    const only = file("only.csv", `file,label,split\n${names.map((name) => `${name},x,test\n`).join("")}`);
    await expect(pack({ labelFile: only })).rejects.toThrow(/has no split `train`; `split` chooses one: `test`$/);
  });

  it.each(["split", "Subset", "set", "partition", "fold", "data set", "what for"])(
    "are said by a column `%s` of names of splits",
    async (column) => {
      const rows = ["train", "Valid", "train", "test"]
        .map((split, i) => `${names[i]},${split},${"abab"[i]}\n`)
        .join("");
      const labelFile = file("called.csv", `file,${column},label\n${rows}`);
      const train = await pack({ labelFile });
      expect([train.header.name, classOfGray(train)]).toEqual(["photos (train)", { 0: "a", 20: "a" }]);
      expect(train.header.note).toContain(`classes from column label, split from column ${column}`);
      expect(classOfGray(await pack({ labelFile, split: "val" }))).toEqual({ 10: "b" });
      // A column that is named is read as what it is named.
      const classes = await pack({ labelFile, classColumn: column });
      expect(classes.header).toMatchObject({ name: "photos", count: 4, classes: ["Valid", "test", "train"] });
    },
  );

  it.each([
    ["partition", ["0", "1", "2", "0"]],
    ["fold", ["0", "1", "0", "1"]],
    ["Usage", ["Training", "PublicTest", "PrivateTest", "Training"]],
    ["is_valid", ["True", "False", "False", "False"]],
    ["dataset", ["a", "b", "a", "b"]],
  ])("are said to be not used where a column `%s` has other words", async (column, words) => {
    const rows = words.map((word, i) => `${names[i]},x,${word}\n`).join("");
    const { header } = await pack({
      labelFile: file("others.csv", `file,label,${column}\n${rows}`),
      classColumn: "label",
    });
    expect([header.count, header.note]).toEqual([4, expect.stringContaining(`; its column \`${column}\` is not used`)]);
    // A column that is read is used.
    const read = await pack({ labelFile: join(folder, "others.csv"), classColumn: column });
    expect(read.header.note).not.toContain("is not used");
  });

  it("are refused where two columns hold names of splits and none is called so, and where nothing else is there", async () => {
    const two = file(
      "two-splits.csv",
      `file,label,a,b\n${names.map((name, i) => `${name},x,${["train", "test"][i % 2]},${["test", "train"][i % 2]}\n`).join("")}`,
    );
    await expect(pack({ labelFile: two })).rejects.toThrow(
      /two-splits.csv: its columns `a` and `b` both hold names of splits; call the one that says them `split`/,
    );
    const alone = file(
      "alone.csv",
      `file,kind\n${names.map((name, i) => `${name},${["train", "test"][i % 2]}\n`).join("")}`,
    );
    await expect(pack({ labelFile: alone })).rejects.toThrow(
      /alone.csv: it has no column besides `file` and `kind`, which says the split/,
    );
    expect((await pack({ labelFile: alone, classColumn: "kind" })).header.classes).toEqual(["test", "train"]);
  });

  it("are not said by columns of other words, except by one called `split`", async () => {
    const labelFile = file(
      "sets.csv",
      `file,set,label\n${names.map((name, i) => `${name},${i === 0 ? "train" : "lego"},x\n`).join("")}`,
    );
    expect((await pack({ labelFile })).header.count).toBe(4);
  });

  it.each(["split", "subset"])("are refused where a cell of `%s` is empty, and the column is used", async (column) => {
    const cells = ["train", "", "test", ""];
    const labelFile = file(
      "empty.csv",
      `file,label,${column}\n${cells.map((cell, i) => `${names[i]},x,${cell}\n`).join("")}`,
    );
    const message = new RegExp(
      `empty.csv: line 3: its \`${column}\` is empty; an image of no split is left out when its row is removed$`,
    );
    await expect(pack({ labelFile })).rejects.toThrow(message);
    await expect(pack({ labelFile, split: "test" })).rejects.toThrow(message);
  });

  it("are the folders in which metadata of the hub's image folders stand", async () => {
    const hub = join(folder, "hub");
    for (const [i, split] of ["train", "test"].entries()) {
      mkdirSync(join(hub, split), { recursive: true });
      for (const [j, name] of ["0.png", "1.png"].entries()) {
        const level = 100 * i + 10 * j;
        writeFileSync(join(hub, split, name), await imageFile("png", 8, 8, { r: level, g: level, b: level }));
      }
      const rows = ["0.png", "1.png"].map((name, j) => ({ file_name: name, label: `${split} ${j}` }));
      writeFileSync(join(hub, split, "metadata.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
    }
    expect((await pack({}, hub)).header.unreadTable).toBe("train/metadata.jsonl");
    const train = await pack({ labelFile: join(hub, "train/metadata.jsonl") }, hub);
    expect(classOfGray(train)).toEqual({ 0: "train 0", 10: "train 1" });
    const test = await pack({ labelFile: join(hub, "test/metadata.jsonl"), split: "test" }, hub);
    expect(classOfGray(test)).toEqual({ 100: "test 0", 110: "test 1" });
  });

  it("of COCO's annotations are refused in words", async () => {
    const coco = file("annotations.json", JSON.stringify({ images: [], annotations: [], categories: [] }));
    await expect(pack({ labelFile: coco })).rejects.toThrow(
      /annotations.json: it holds annotations of COCO, which are not/,
    );
  });
});
