/** What splits are called, in folders, arrays, shards and tables. */

/** The names, as alternatives of a pattern. */
export const SPLIT_NAMES = "train|training|val|valid|validation|dev|eval|test|testing|unlabeled";

const training = /^train(ing)?$/i;

/** Whether a name is that of the training split. */
export const isTrainingSplit = (name: string): boolean => training.test(name);

const names = new RegExp(`^(${SPLIT_NAMES})$`, "i");

/** Whether a name is that of a split. */
export const isSplit = (name: string): boolean => names.test(name);
