/** Pages that are not written in the new form yet: their lines may be wide, their code may stand without a fence,
 * and their programs may be parts of one. */
export const oldPages: readonly string[] = `
docs/results/exploring.md
docs/results/games.md
docs/results/improved.md
docs/results/mine.md
docs/results/top-k-images.md
docs/results/top-k.md
`.split("\n");
