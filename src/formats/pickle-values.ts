/** The values that a pickle can hold here, where nothing in it is run, and their names in messages. */
import { quoted } from "./one-line.ts";

/** A value that the host made; the unpickler does not look into it. `description` names it in messages. */
export abstract class Foreign {
  abstract readonly description: string;
}

/** A name that a pickle may call. `call` gets the arguments and checks them itself. */
export class Callable extends Foreign {
  readonly description: string;
  readonly call: (args: readonly PickleValue[]) => PickleValue;

  constructor(name: string, call: (args: readonly PickleValue[]) => PickleValue) {
    super();
    this.description = `the function ${name}`;
    this.call = call;
  }
}

/** An object of a kind that a file of tensors only carries along, such as a date: its kind is kept, its contents are not. */
export class Skipped extends Foreign {
  /** Python's name of the kind. */
  readonly kind: string;

  constructor(kind: string) {
    super();
    this.kind = kind;
  }

  get description(): string {
    return `an object of kind ${quoted(this.kind)}`;
  }
}

/** An object that is made empty and gets its contents, its state, in a second instruction. */
export abstract class Stateful extends Foreign {
  /** Takes the contents, and checks them itself. */
  abstract setState(state: PickleValue): void;
}

/** What can be a key of a dictionary here. */
export type PickleKey = null | boolean | number | bigint | string;

/** What a pickle can hold: tuples are frozen arrays, dictionaries are maps, large integers are bigints. */
export type PickleValue = PickleKey | Uint8Array | readonly PickleValue[] | Map<PickleKey, PickleValue> | Foreign;

/** A few words for a value, for messages. */
export function describePickled(value: PickleValue | undefined): string {
  if (value === null || value === undefined) return "None";
  if (value instanceof Foreign) return value.description;
  if (value instanceof Map) return `a dictionary of ${value.size}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "string") return `the text ${quoted(value)}`;
  if (typeof value === "object") return `a ${Object.isFrozen(value) ? "tuple" : "list"} of ${value.length}`;
  return `the ${typeof value === "boolean" ? "flag" : "number"} ${String(value).slice(0, 40)}`;
}
