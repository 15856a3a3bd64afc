import type { Binding } from "./types.d.ts";

/** The folder of the clone or of the installed package. */
export const projectRoot: string;

/** Whether this is a clone, which is built here, and not an installed package, which comes built. */
export function isClone(): boolean;

/** The lock of the process that changes this clone's node_modules and dist/. */
export function cloneLock(): string;

/** Brings node_modules and dist/ up to date, one process at a time; takes no lock where nothing is to be done. */
export function prepareClone(): void;

/** @throws SetupError when this user cannot write into the folder of a clone. */
export function requireWritable(root: string): void;

/** The whole set-up. Returns the binding and its engine. */
export function prepare(): Binding;
