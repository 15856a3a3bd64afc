/**
 * @typedef {{ text: string, link?: string, items?: Item[], collapsible?: boolean, collapsed?: boolean }} Item an entry of a list of
 * pages
 */

/**
 * The sections of the site, in the order of its bar, each with its folder in docs/ and the order of its pages. Those of a group
 * share an entry of the bar. A page that is not named here stands after those that are, by its title.
 */
export const sections = [
  {
    title: "Tutorials",
    folder: "tutorials",
    first: [
      ...["digits", "your-own-photos", "top-k", "your-first-technique", "your-own-training-loop", "evaluate-honestly"],
      "several-machines",
    ],
  },
  {
    title: "How-to",
    folder: "how-to",
    first: [
      ...[
        "install",
        "setup",
        "choose-a-recipe",
        "data",
        "few-images",
        "conditional-labels",
        "transfer",
        "sample-images",
      ],
      ...[
        "find-a-latent",
        "studio",
        "diagnose",
        "fix-a-collapse",
        "resume-after-a-crash",
        "make-runs-comparable",
        "sweep",
      ],
      ...["sweeps-on-a-cluster", "lab", "reproduce", "exploring-recipes", "export", "import-weights"],
      ...["coming-from-pytorch", "coming-from-studiogan", "coming-from-tensorflow-js"],
    ],
  },
  { title: "Techniques", folder: "techniques", group: "Parts", first: [] },
  { title: "Losses", folder: "losses", group: "Parts", first: [] },
  { title: "Models", folder: "models", group: "Parts", first: [] },
  { title: "Optimizers", folder: "optimizers", group: "Parts", first: ["adam", "sgd", "rmsprop", "schedules"] },
  { title: "Scores", folder: "scores", group: "Parts", first: ["protocols", "features"] },
  {
    title: "Reference",
    folder: "reference",
    first: ["cli", "recipe", "options", "run-format", "formats", "in-code", "trainer", "hooks", "tensor", "nn"],
  },
  {
    title: "Explanation",
    folder: "explanation",
    first: ["design", "training", "memory", "reproducibility", "convolutions", "workers", "scores", "performance"],
  },
  { title: "Results", folder: "results", first: ["top-k", "top-k-images", "improved", "exploring", "mine", "games"] },
  { title: "Gallery", folder: "gallery", first: [] },
];

/** Pages of the project that stand outside of docs/, and those at its top. */
export const project = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "bench/NOTES.md"];
