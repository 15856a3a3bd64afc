/**
 * TensorBoard's event files: TFRecords whose data are Event messages of protocol buffers.
 *
 *     record = length (8 bytes, little-endian), masked CRC-32C of these 8 bytes, data, masked CRC-32C of the data
 *     masked = (crc rotated right by 15) + 0xa282ead8
 *
 * The numbers of fields are those of event.proto, summary.proto, tensor.proto and of the plugins text and hparams in
 * TensorBoard's sources.
 */
import { PbfWriter } from "pbf";
import { crc32c } from "./crc32c.ts";

/** A histogram. Bucket i counts the values from `limits[i - 1]` (of the first: from `min`) to `limits[i]`. */
export interface EventHistogram {
  readonly min: number;
  readonly max: number;
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

/** What can be recorded under a tag. Scalars are stored as float32. */
export type EventValue =
  | { readonly scalar: number }
  /** The bytes of a PNG file. */
  | { readonly png: Uint8Array }
  | { readonly histogram: EventHistogram }
  /** Markdown. */
  | { readonly text: string }
  /** Settings of the run, for the tab of hyperparameters; their tag is TensorBoard's own. */
  | { readonly settings: Readonly<Record<string, string | number | boolean>> };

/** Values of one step. */
export interface Event {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  readonly values: Readonly<Record<string, EventValue>>;
}

/** The tag under which TensorBoard looks for settings. */
export const SETTINGS_TAG = "_hparams_/session_start_info";

const STRING = 7;

/** The record that a file begins with. */
export function eventFileStart(wallTime: number): Buffer {
  return record((event) => {
    event.writeDoubleField(1, wallTime);
    event.writeStringField(3, "brain.Event:2");
  });
}

/** A record with values. */
export function eventRecord({ wallTime, step, values }: Event): Buffer {
  return record((event) => {
    event.writeDoubleField(1, wallTime);
    event.writeVarintField(2, step);
    nested(event, 5, (summary) => {
      for (const [tag, value] of Object.entries(values)) nested(summary, 1, (entry) => writeValue(entry, tag, value));
    });
  });
}

function nested(parent: PbfWriter, field: number, write: (child: PbfWriter) => void): void {
  const child = new PbfWriter();
  write(child);
  parent.writeBytesField(field, child.finish());
}

function writeValue(entry: PbfWriter, tag: string, value: EventValue): void {
  entry.writeStringField(1, tag);
  if ("scalar" in value) entry.writeFloatField(2, value.scalar);
  else if ("png" in value) nested(entry, 4, (image) => writeImage(image, value.png));
  else if ("histogram" in value) nested(entry, 5, (histogram) => writeHistogram(histogram, value.histogram));
  else if ("text" in value) {
    nested(entry, 8, (tensor) => writeText(tensor, value.text));
    plugin(entry, "text", () => {});
  } else {
    plugin(entry, "hparams", (data) => {
      // HParamsPluginData: version, and session_start_info with a map of google.protobuf.Value.
      data.writeVarintField(1, 0);
      nested(data, 3, (info) => {
        for (const [name, setting] of Object.entries(value.settings)) {
          nested(info, 1, (pair) => {
            pair.writeStringField(1, name);
            nested(pair, 2, (one) => writeSetting(one, setting));
          });
        }
      });
    });
  }
}

function writeSetting(one: PbfWriter, value: string | number | boolean): void {
  if (typeof value === "number") one.writeDoubleField(2, value);
  else if (typeof value === "string") one.writeStringField(3, value);
  else one.writeBooleanField(4, value);
}

/** Which part of TensorBoard shows a value. */
function plugin(entry: PbfWriter, name: string, content: (data: PbfWriter) => void): void {
  nested(entry, 9, (metadata) =>
    nested(metadata, 1, (data) => {
      data.writeStringField(1, name);
      nested(data, 2, content);
    }),
  );
}

/** Width, height and number of channels are in the header of a PNG file. */
function writeImage(image: PbfWriter, png: Uint8Array): void {
  const header = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  const channels = [1, 0, 3, 3, 2, 0, 4][header[25]!] ?? 0;
  image.writeVarintField(1, header.readUInt32BE(20));
  image.writeVarintField(2, header.readUInt32BE(16));
  image.writeVarintField(3, channels);
  image.writeBytesField(4, png);
}

/** The sums that the format asks for are those of the middles of the buckets. */
function writeHistogram(histogram: PbfWriter, { min, max, limits, counts }: EventHistogram): void {
  const middles = limits.map((limit, i) => ((limits[i - 1] ?? min) + limit) / 2);
  const sum = (power: number): number => counts.reduce((total, count, i) => total + count * middles[i]! ** power, 0);
  const fields = [min, max, sum(0), sum(1), sum(2)];
  for (const [i, value] of fields.entries()) histogram.writeDoubleField(i + 1, value);
  histogram.writePackedDouble(6, [...limits]);
  histogram.writePackedDouble(7, [...counts]);
}

/** A TensorProto: one string. */
function writeText(tensor: PbfWriter, text: string): void {
  tensor.writeVarintField(1, STRING);
  nested(tensor, 2, (shape) => nested(shape, 2, (dimension) => dimension.writeVarintField(1, 1)));
  tensor.writeStringField(8, text);
}

function record(write: (event: PbfWriter) => void): Buffer {
  const event = new PbfWriter();
  write(event);
  const data = event.finish();
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, maskedCrc(length), data, maskedCrc(data)]);
}

function maskedCrc(bytes: Uint8Array): Buffer {
  const crc = crc32c(bytes);
  const masked = Buffer.alloc(4);
  masked.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return masked;
}
