/**
 * @typedef {{ text: string, link?: string, items?: Item[], collapsible?: boolean, collapsed?: boolean }} Item an entry of a list of
 * pages
 */

/**
 * The sections of the site, in the order of its bar, each with its folder in docs/ and the order of its pages. A page that is
 * not named here stands after those that are, by its title.
 */
export const sections = [
  {
    title: "Tutorials",
    folder: "tutorials",
    first: ["digits", "your-photos", "see-why-top-k-works", "first-technique"],
  },
  {
    title: "How-to",
    folder: "how-to",
    first: ["install", "setup", "choose-a-recipe", "data", "few-images", "conditional-labels", "resume-after-a-crash"],
  },
  { title: "Techniques", folder: "techniques", first: [] },
  { title: "Losses", folder: "losses", first: [] },
  { title: "Models", folder: "models", first: [] },
  { title: "Scores", folder: "scores", first: [] },
  { title: "Reference", folder: "reference", first: ["cli", "recipe", "options", "glossary"] },
  { title: "Explanation", folder: "explanation", first: ["design", "training"] },
  { title: "Results", folder: "results", first: [] },
  { title: "Gallery", folder: "gallery", first: [] },
];

/** Pages of the project that stand outside of docs/, and those at its top. */
export const project = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "bench/NOTES.md"];
