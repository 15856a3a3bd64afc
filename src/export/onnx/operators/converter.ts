import type { Conversion } from "../builder.ts";

/** Adds the nodes of an operator and returns the names of its outputs. */
export type Converter = (call: Conversion) => string | readonly string[];

/** The converters of operators by their names in ATen. */
export type Converters = Readonly<Record<string, Converter>>;
