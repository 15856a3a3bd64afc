/** `--set`: every form of path and value, and what each mistake is answered with. */
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { mnist } from "../../src/data/index.ts";
import { listAxis } from "../../src/experiments/sweep/axis.ts";
import { applyOverrides, parseSetting } from "../../src/recipe/overrides.ts";
import { at } from "../../src/recipe/parts.ts";
import { toPlainRecipe } from "../../src/recipe/plain.ts";
import { defineRecipe } from "../../src/recipe/recipe.ts";
import { parseValue } from "../../src/recipe/value.ts";
import { base, decay, recipe, smooth } from "./parts.ts";

describe("values", () => {
  it.each<[string, unknown]>([
    ["128", 128],
    ["1e-4", 1e-4],
    ["-0.5", -0.5],
    ["2_000", 2000],
    [".5", 0.5],
    ["1__0", "1__0"],
    ["true", true],
    ["false", false],
    ["null", null],
    ["hinge", "hinge"],
    ["", ""],
    ["0x10", "0x10"],
    ["Infinity", "Infinity"],
    ['"64"', "64"],
    ["[0,0.9]", [0, 0.9]],
    ["[ topK , r1 ]", ["topK", "r1"]],
    ['[[1,2],"a,b",{"k":[3]}]', [[1, 2], "a,b", { k: [3] }]],
    ["[]", []],
    ['{"every":5}', { every: 5 }],
    ["{broken", "{broken"],
  ])("%s", (text, value) => expect(parseValue(text)).toEqual(value));
});

describe("paths", () => {
  it("are taken apart at the first equals sign", () => {
    expect(parseSetting("data.folder=a=b")).toMatchObject({ path: ["data", "folder"], operator: "=", raw: "a=b" });
    expect(parseSetting("techniques+=topK")).toMatchObject({ path: ["techniques"], operator: "+=", raw: "topK" });
    expect(parseSetting("techniques-=topK")).toMatchObject({ path: ["techniques"], operator: "-=", raw: "topK" });
    expect(parseSetting("seed=-1")).toMatchObject({ path: ["seed"], operator: "=", raw: "-1" });
    for (const text of ["batchSize", "=3", "", "3=4"])
      expect(() => parseSetting(text)).toThrow("must be written key=value");
  });
});

describe("applyOverrides", () => {
  it.each<[string, string, unknown]>([
    ["batchSize=128", "batchSize", 128],
    ["samples.every=100", "samples", { every: 100, count: 64, columns: 8 }],
    ['log={"every":3}', "log", { every: 3 }],
    ["device=cuda:1", "device", "cuda:1"],
    ["generator.width=32", "generator.options.width", 32],
    ["generator.norm=none", "generator.options.norm", "none"],
    ["optimizers.generator.lr=1e-4", "optimizers.generator.options.lr", 1e-4],
    ["optimizers.discriminator.betas=[0,0.9]", "optimizers.discriminator.options.betas", [0, 0.9]],
    ["techniques.testTop.floor=0.75", "techniques.0.options", { gamma: 0.99, floor: 0.75 }],
    ["data.size=64", "data.options.size", 64],
    ["data.augment.flip=true", "data.options.augment.flip", true],
    ["data.folder=2024", "data.options.folder", "2024"],
    ["name=007", "name", "007"],
    ["loss=testWasserstein", "loss.options", { clip: 0.01 }],
    ["optimizers.generator=testSgd", "optimizers.generator.options", { lr: 0.1 }],
    ["techniques+=testSmooth", "techniques.1.kind", "testSmooth"],
    ["techniques-=testTop", "techniques", []],
    ["techniques=[]", "techniques", []],
    ["techniques=[testSmooth,testTop]", "techniques.1.options.floor", 0.25],
    ["schedule=testDecay", "schedule.kind", "testDecay"],
    ["batchSize=null", "batchSize", 64],
    ["techniques.testTop.floor=null", "techniques.0.options.floor", 0.5],
    ["epochs=3", "epochs", 3],
  ])("%s", (setting, path, value) => {
    const plain = toPlainRecipe(applyOverrides(recipe, [setting]));
    expect(at(plain, path.split("."))).toEqual(value);
  });

  it("leaves everything else, and the recipe it was given, as it was", () => {
    const before = JSON.stringify(toPlainRecipe(recipe));
    const changed = toPlainRecipe(applyOverrides(recipe, ["generator.width=32"]));
    expect(JSON.stringify(toPlainRecipe(recipe))).toBe(before);
    expect(JSON.stringify(changed)).toBe(
      before.replace('"testMaker","options":{"width":64', '"testMaker","options":{"width":32'),
    );
    expect(applyOverrides(recipe, [])).toBe(recipe);
  });

  it("acts from left to right and checks at the end", () => {
    expect(applyOverrides(recipe, ["batchSize=1", "batchSize=2"]).batchSize).toBe(2);
    const folder = applyOverrides(recipe, ["data=testFolder", "data.path=photos"]);
    expect(folder.data.options).toEqual({ path: "photos" });
    // gamma and floor may only be amended together: the state in between would be refused.
    const low = applyOverrides(recipe, ["techniques.testTop.gamma=0.1", "techniques.testTop.floor=0.05"]);
    expect(low.techniques[0]!.options).toEqual({ gamma: 0.1, floor: 0.05 });
  });

  it("refuses options of a part that a later override replaces: they would be lost", () => {
    expect(() => applyOverrides(recipe, ["data.folder=a", "data=testFolder", "data.path=photos"])).toThrow(
      "--set: `data=testFolder` puts another part in place and drops `data.folder=a`; put `data=testFolder` first",
    );
    expect(() => applyOverrides(recipe, ["generator.width=8", "batchSize=2", "generator=testMaker"])).toThrow(
      /drops `generator.width=8`/,
    );
  });

  it.each<[string, string, string]>([
    ["samples.every=100", 'samples={"count":4}', "put it first"],
    ["epochs=3", "steps=7", "leave one of them out"],
    ["steps=7", "epochs=3", "leave one of them out"],
  ])("refuses %s before %s, which would take it out without a word", (earlier, later, remedy) => {
    expect(() => applyOverrides(recipe, [earlier, later])).toThrow(
      `--set: \`${later}\` comes after \`${earlier}\` and takes it out again; ${remedy}`,
    );
  });

  it("takes what stays: the other order, an option of a technique that remains", () => {
    // A list of parts says what stays. A sweep's arm without a part comes after the settings of all arms.
    for (const later of ["techniques-=testTop", "techniques=[testSmooth]"]) {
      const without = applyOverrides(recipe, ["techniques.testTop.floor=0.5", later]);
      expect(without.techniques.map(({ kind }) => kind)).not.toContain("testTop");
    }
    const kept = applyOverrides(recipe, ["techniques.testTop.floor=0.5", "techniques=[testSmooth,testTop]"]);
    expect(kept.techniques[1]!.options).toMatchObject({ floor: 0.5 });
    expect(applyOverrides(recipe, ["epochs=null", "steps=7"]).steps).toBe(7);
  });

  it("leaves text that would lose something as a number text where text is accepted", () => {
    const data = mnist();
    const classesOf = (setting: string) =>
      applyOverrides(defineRecipe({ ...base, data }), [setting]).data.options.classes;
    expect(classesOf("data.classes=[01,1,1e5,10]")).toEqual(["01", "1", "1e5", "10"]);
    expect(classesOf('data.classes=["a, b",c d]')).toEqual(["a, b", "c d"]);
    expect(classesOf("data.classes=[7,9]")).toEqual(["7", "9"]);
    expect(listAxis("data.classes", [["01", "a, b"], ["1"]]).values.map(({ set }) => classesOf(set[0]!))).toEqual([
      ["01", "a, b"],
      ["1"],
    ]);
  });

  it("lets steps and epochs replace each other", () => {
    const plain = toPlainRecipe(applyOverrides(recipe, ["epochs=3"]));
    expect(plain).not.toHaveProperty("steps");
    expect(applyOverrides(applyOverrides(recipe, ["epochs=3"]), ["steps=5"]).epochs).toBeUndefined();
  });

  it("amends the metrics of an evaluation as it does techniques", () => {
    const one = applyOverrides(recipe, [
      "evaluate.every=50",
      "evaluate.metrics=[kid]",
      "evaluate.metrics.kid.subsets=7",
    ]);
    expect(one.evaluate?.every).toBe(50);
    expect(one.evaluate?.metrics.map(({ kind, options }) => [kind, options.subsets])).toEqual([["kid", 7]]);
    const two = applyOverrides(one, ["evaluate.metrics+=modes"]);
    expect(two.evaluate?.metrics.map(({ kind }) => kind)).toEqual(["kid", "modes"]);
    expect(applyOverrides(two, ["evaluate.metrics-=kid"]).evaluate?.metrics.map(({ kind }) => kind)).toEqual(["modes"]);
    expect(applyOverrides(two, ["evaluate=null"]).evaluate).toBeUndefined();
    expect(() => applyOverrides(two, ["evaluate.metrics+=kidd"])).toThrow(
      "`evaluate.metrics` (=kidd) must be the name of a metric; did you mean `kid`?",
    );
    expect(() => applyOverrides(two, ["evaluate.metrics.kid.substs=3"])).toThrow("did you mean `subsets`?");
  });

  it("takes null as a value where the schema does, else as the default", () => {
    const clipped = applyOverrides(recipe, ["loss=testWasserstein", "loss.clip=null"]);
    expect(clipped.loss.options).toEqual({ clip: null });
    const scheduled = defineRecipe({ ...base, schedule: decay() });
    expect(applyOverrides(scheduled, ["schedule=null"]).schedule).toBeUndefined();
  });

  it.each<[string, string]>([
    ["batchSiez=3", "unknown key `batchSiez`; did you mean `batchSize`?"],
    ["samples.evry=3", "unknown key `samples.evry`; did you mean `every`?"],
    ["batchSize=abc", "`batchSize` (=abc) must be a positive whole number"],
    ["batchSize=0", "`batchSize` (=0) must be a positive whole number"],
    ["batchSize.x=0", "unknown key `batchSize.x`"],
    ["generator.widht=3", "unknown key `generator.widht`; did you mean `width`?"],
    ["generator.width=wide", "`generator.width` (=wide) must be a whole number of at least 1"],
    ["generator.norm=layer", "`generator.norm` (=layer) must be one of batch, none"],
    ["data.size=4", "`data.size` (=4) must be a whole number from 8 to 256"],
    ["data.augment.flip=yes", "`data.augment.flip` (=yes) must be true or false"],
    ["data.augment.flop=true", "unknown key `data.augment.flop`; did you mean `flip`?"],
    ["data=testFolder", "`data.path` is missing: it must be a text"],
    [
      "optimizers.generator.betas=[0,1]",
      "`optimizers.generator.betas.1` (=1) must be a number of at least 0 and below 1",
    ],
    ["optimizers.generator.betas=0.5", "`optimizers.generator.betas` (=0.5) must be a list of 2"],
    ["optimizers.genrator.lr=1", "unknown key `optimizers.genrator`; did you mean `generator`?"],
    ["optimizers.lr=1", "unknown key `optimizers.lr`; accepted: generator, discriminator"],
    ["loss=testHnge", "`loss` (=testHnge) must be the name of a loss; did you mean `testHinge`?"],
    ["loss.clip=1", "unknown key `loss.clip`: `loss` has no options"],
    ["loss=null", "`loss` (=null) must be the name of a loss"],
    [
      "schedule.from=3",
      "`schedule.from`: this recipe has no schedule; choose one first: constant, linearDecay, testDecay",
    ],
    ["techniques.testTop.flor=0.5", "unknown key `techniques.testTop.flor`; did you mean `floor`?"],
    ["techniques.testTop.floor=2", "`techniques.testTop.floor` (=2) must be a number from 0 to 1"],
    ["techniques.testTop.gamma=0.1", "`techniques.testTop` needs `gamma` to be no smaller than `floor`"],
    ["techniques.testTop=0.5", "`techniques.testTop` needs an option"],
    ["techniques.testTpo.floor=1", "unknown technique `testTpo`; this recipe has testTop; did you mean `testTop`?"],
    [
      "techniques.testSmooth.alpha=1",
      "this recipe has testTop; to add it, put --set techniques+=testSmooth first; for a part of a sweep's runs, give the values names",
    ],
    ["techniques=testTop", "must be a list such as [topK]"],
    ["techniques+=testTop", "already holds `testTop`"],
    ["techniques+=testSmoth", "must be the name of a technique; did you mean `testSmooth`?"],
    [
      "techniques+=driftTerm",
      "weightAveraging, testTop, testSmooth; one of your own is known only in the file that defines",
    ],
    ["techniques-=testSmooth", "does not hold `testSmooth`; this recipe has testTop"],
    ["batchSize+=3", "only `techniques` and `evaluate.metrics` can be added to or removed from"],
    ["__proto__.x=1", "unknown key `__proto__`"],
    ["generator.constructor=1", "unknown key `generator.constructor`"],
  ])("refuses %s", (setting, message) => {
    const attempt = () => applyOverrides(recipe, [setting]);
    expect(attempt).toThrow(UserError);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow("--set: ");
  });

  it("keeps the options of a technique that was added a moment ago", () => {
    const both = applyOverrides(recipe, ["techniques+=testSmooth", "techniques.testSmooth.alpha=0.8"]);
    expect(both.techniques.map(({ options }) => options)).toEqual([{ gamma: 0.99, floor: 0.25 }, { alpha: 0.8 }]);
    expect(smooth().options).toEqual({ alpha: 0.9 });
  });
});

describe("an option by its name alone", () => {
  const semi = async () => (await import("../../src/recipe/shipped/semi-mnist.ts")).default;
  const optionsOf = (recipe: object, kind: string) =>
    (recipe as { techniques: { kind: string; options: object }[] }).techniques.find((one) => one.kind === kind)!
      .options;

  it("is set where one part has it, or takes the value", async () => {
    // The data have an option `labels` too, which is true or false.
    const amended = applyOverrides(await semi(), ["labels=20", "labelSeed=3"]);
    expect(optionsOf(amended, "semiSupervised")).toMatchObject({ labels: 20, labelSeed: 3 });
    expect(applyOverrides(await semi(), ["labels=false"]).data.options.labels).toBe(false);
    expect(applyOverrides(await semi(), ["inputNoise=0.1"]).discriminator.options.inputNoise).toBe(0.1);
  });

  it("is refused where several have it, naming them, and where none has", async () => {
    const recipe = await semi();
    expect(() => applyOverrides(recipe, ["lr=0.1"])).toThrow(
      "`lr` is an option of several parts of this recipe; write one of: optimizers.generator.lr, optimizers.discriminator.lr",
    );
    expect(() => applyOverrides(recipe, ["labelSed=1"])).toThrow("unknown key `labelSed`");
    expect(() => applyOverrides(recipe, ["labelSeed=-1"])).toThrow("`techniques.semiSupervised.labelSeed` (=-1)");
  });

  it("never stands before a key of the recipe", async () => {
    expect(applyOverrides(await semi(), ["seed=5"]).seed).toBe(5);
  });
});
