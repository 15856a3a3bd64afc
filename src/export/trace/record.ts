/** Making a graph from a pass: which calls depend on the inputs, and which tensors are constants. */
import {
  keep,
  type OperatorCall,
  type OperatorWatcher,
  type Tensor,
  Tensor as TensorClass,
} from "../../tensor/index.ts";
import { type Argument, type Constant, type Node, refuseOperator, type Value } from "./graph.ts";
import { schemaOf } from "./schema.ts";
import { namedArguments, resultsOf, type SizedCall } from "./sizes.ts";

/** What {@link Recorder} needs to know. */
export interface RecorderOptions {
  /** The inputs' tensors of this pass. */
  readonly inputs: ReadonlyMap<Tensor, Value>;
  /** The calls of the pass, in order. */
  readonly calls: readonly SizedCall[];
  /** Names of parameters and buffers. */
  readonly names: ReadonlyMap<Tensor, string>;
  /** The path of the running module. */
  readonly path: () => string;
}

/** Records one pass as nodes. Constants are copies, which the recorder's user disposes. */
export class Recorder implements OperatorWatcher {
  readonly nodes: Node[] = [];
  readonly constants: Constant[] = [];
  readonly #options: RecorderOptions;
  readonly #values: Map<Tensor, Value>;
  readonly #copies = new Map<Tensor, Constant>();
  readonly #names = new Set<string>();
  /** Tensors that see the same memory. */
  readonly #views = new Map<Tensor, Set<Tensor>>();
  /** Tensors whose memory was changed through another one. */
  readonly #stale = new Map<Tensor, string>();
  #next = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#values = new Map(options.inputs);
    for (const { name } of options.inputs.values()) this.#names.add(name);
  }

  /** The value of a tensor, if it depends on the inputs. */
  valueOf(tensor: Tensor): Value | undefined {
    return this.#values.get(tensor);
  }

  called(call: OperatorCall): void {
    const sized = this.#options.calls[this.#next++];
    const module = this.#options.path();
    const at = { operator: call.operator, module };
    if (sized?.operator !== call.operator) throw refuseOperator(at, "is not called in every pass");
    const named = namedArguments(call);
    const schema = schemaOf(call.schema);
    const results = resultsOf(call);
    const depends = sized.grows || this.#depends(named, at);
    if (call.changed >= 0) this.#changes(call.given[call.changed] as Tensor, at);
    if (schema.views) this.#share(call.given[0], results);
    if (!depends) return;
    const given = Object.fromEntries(
      Object.keys(named).map((name) => [name, this.#argument(named[name], sized.arguments[name], name, module)]),
    );
    const outputs = results.map((tensor, i): Value => {
      const name = this.#unique(`${module === "" ? "" : `${module}.`}${plainName(call.operator)}`);
      return { kind: "value", name, dtype: tensor.dtype, shape: sized.shapes[i]! };
    });
    for (const [i, tensor] of results.entries()) this.#values.set(tensor, outputs[i]!);
    const inPlace = call.changed >= 0;
    const run = (values: readonly unknown[]): unknown => {
      if (!inPlace) return call.again(values);
      const own = [...values];
      own[call.changed] = (own[call.changed] as Tensor).clone();
      return call.again(own);
    };
    const operator = inPlace ? call.operator.replace(/_(?=$|\.)/, "") : call.operator;
    this.nodes.push({ operator, module, arguments: given, outputs, schema, run });
  }

  read(): void {}

  #depends(named: Readonly<Record<string, unknown>>, at: Pick<Node, "operator" | "module">): boolean {
    let found = false;
    const visit = (value: unknown): void => {
      if (Array.isArray(value)) for (const each of value) visit(each);
      else if (TensorClass.isTensor(value)) {
        const changedBy = this.#stale.get(value);
        if (changedBy !== undefined) {
          throw refuseOperator(at, `takes a view of a tensor that ${changedBy} changed in place`);
        }
        found ||= this.#values.has(value);
      }
    };
    for (const value of Object.values(named)) visit(value);
    return found;
  }

  /** The tensor is changed in place: what sees its memory otherwise has other values than the graph knows. */
  #changes(tensor: Tensor, { operator }: Pick<Node, "operator">): void {
    this.#copies.clear();
    for (const other of this.#views.get(tensor) ?? []) if (other !== tensor) this.#stale.set(other, operator);
  }

  #share(of: unknown, results: readonly Tensor[]): void {
    if (!TensorClass.isTensor(of)) return;
    const group = this.#views.get(of) ?? new Set([of]);
    for (const tensor of [of, ...results]) {
      group.add(tensor);
      this.#views.set(tensor, group);
    }
  }

  #argument(value: unknown, sized: unknown, name: string, module: string): Argument {
    if (TensorClass.isTensor(value)) return this.#values.get(value) ?? this.#constant(value, name, module);
    if (!Array.isArray(value)) return sized as Argument;
    return value.map((each, i) => this.#argument(each, (sized as unknown[])[i], name, module));
  }

  #constant(tensor: Tensor, argument: string, module: string): Constant {
    const known = this.#copies.get(tensor);
    if (known !== undefined) return known;
    const name = this.#options.names.get(tensor) ?? `${module === "" ? "" : `${module}.`}${argument}`;
    const copy = keep(tensor.detach().to({ device: "cpu" }).clone("contiguous"));
    const constant: Constant = { kind: "constant", name: this.#unique(name), tensor: copy };
    this.#copies.set(tensor, constant);
    this.constants.push(constant);
    return constant;
  }

  #unique(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#names.has(name); i++) name = `${wanted}_${i}`;
    this.#names.add(name);
    return name;
  }
}

/** "relu" of "aten::relu_", "add" of "aten::add.Tensor". */
const plainName = (operator: string): string => operator.replace(/^\w+::|\..*$/g, "").replace(/_$/, "");
