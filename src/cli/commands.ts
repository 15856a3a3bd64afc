/** The sub-commands of `gantry`, in the groups of its help. */
import type { CommandEntry } from "./command.ts";

/** The groups, in the order in which a user needs them. Nothing is loaded before a command is asked for. */
export const commandGroups: Readonly<Record<string, Readonly<Record<string, CommandEntry>>>> = {
  Train: {
    train: { summary: "train a recipe and write a run folder", load: async () => (await import("./train.ts")).train },
    resume: {
      summary: "continue a run that was interrupted, or train it for longer",
      load: async () => (await import("./resume.ts")).resume,
    },
    sweep: {
      summary: "train a recipe over a grid of values and seeds, and tabulate the scores",
      load: async () => (await import("./sweep.ts")).sweep,
    },
    average: {
      summary: "average a generator's weights over a length chosen after training",
      load: async () => (await import("./average.ts")).average,
    },
    "train-classifier": {
      summary: "train a classifier to compute scores with",
      load: async () => (await import("./train-classifier.ts")).trainClassifier,
    },
  },
  Look: {
    studio: {
      summary: "show runs in the browser while they are trained",
      load: async () => (await import("./studio.ts")).studio,
    },
    sample: { summary: "draw images with a trained generator", load: async () => (await import("./sample.ts")).sample },
    report: {
      summary: "write the report of a run as it stands",
      load: async () => (await import("./report.ts")).report,
    },
    diagnose: {
      summary: "look for the usual faults of GANs in a run",
      load: async () => (await import("./diagnose.ts")).diagnoseCommand,
    },
    project: {
      summary: "find the latents of given images",
      load: async () => (await import("./project.ts")).project,
    },
  },
  Evaluate: {
    evaluate: {
      summary: "score a run, or images that another tool made",
      load: async () => (await import("./evaluate.ts")).evaluate,
    },
    compare: {
      summary: "compare two evaluations that have the same protocol",
      load: async () => (await import("./compare.ts")).compare,
    },
  },
  Share: {
    export: {
      summary: "write a run for other tools: ONNX, PyTorch, a web page, tables",
      load: async () => (await import("./export.ts")).exportCommand,
    },
    import: {
      summary: "write a generator that another project trained as a run",
      load: async () => (await import("./import.ts")).importCommand,
    },
    verify: {
      summary: "check that the files of a run are as they were written",
      load: async () => (await import("./verify.ts")).verify,
    },
  },
  Experiment: {
    lab: { summary: "run the experiments of the laboratory", load: async () => (await import("./lab.ts")).lab },
    reproduce: {
      summary: "test a claim of a paper, or list the claims with their verdicts",
      load: async () => (await import("./reproduce.ts")).reproduce,
    },
  },
  "Set up": {
    data: { summary: "inspect or download a dataset", load: async () => (await import("./data.ts")).data },
    doctor: {
      summary: "show the engine, the devices and their speed",
      load: async () => (await import("./doctor.ts")).doctor,
    },
    completion: {
      summary: "print a script with which bash, zsh or fish completes commands",
      load: async () => (await import("./completion.ts")).completionCommand(commands),
    },
  },
};

/** Every sub-command by its name. */
export const commands: Readonly<Record<string, CommandEntry>> = Object.assign({}, ...Object.values(commandGroups));
