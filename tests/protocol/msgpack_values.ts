/**
 * Values for the tests of MessagePack: generators, the form in which two values are compared, and bytes from hex.
 * @module
 */
import fc from "fast-check";
import { Buffer } from "node:buffer";

/** Bytes from hex; spaces are for the reader. */
export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

/** Bytes as hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/**
 * A value as text, the same for values that are equal: bytes are bytes in whatever type, `undefined` and an own
 * `__proto__` are there, `-0` is 0 as on the wire.
 */
export function form(value: unknown): string {
  if (value instanceof ArrayBuffer) return `bytes(${toHex(new Uint8Array(value))})`;
  if (ArrayBuffer.isView(value)) {
    return `bytes(${toHex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))})`;
  }
  if (value instanceof Date) return `date(${value.getTime()})`;
  if (Array.isArray(value)) return `[${Array.from(value, form).join()}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.keys(value).map((key) =>
      `${JSON.stringify(key)}:${form((value as Record<string, unknown>)[key])}`
    );
    return `{${fields.join()}}`;
  }
  return typeof value === "string" ? JSON.stringify(value) : Object.is(value, -0) ? "0" : String(value);
}

/** Well-formed text on both sides of the lengths at which the form changes. */
export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: "grapheme" }) },
  fc.tuple(
    fc.constantFrom("a", "é", "日", "\u{1F600}"),
    fc.constantFrom(30, 31, 32, 63, 64, 128, 255, 256, 300),
  )
    .map(([unit, length]) => unit.repeat(length)),
  fc.constantFrom("\ufeff", "a\u0000b", "__proto__", "toString", "length"),
);

/** Numbers on both sides of each power of two, and any others that 53 bits hold. */
export const number: fc.Arbitrary<number> = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 300 }),
  fc.tuple(
    fc.constantFrom(5, 7, 8, 15, 16, 31, 32, 52),
    fc.constantFrom(1, -1),
    fc.integer({ min: -2, max: 2 }),
  )
    .map(([bits, sign, off]) => sign * 2 ** bits + off),
  fc.double().filter((any) => !Number.isInteger(any) || Number.isSafeInteger(any)),
);

/** Dates that are ones. */
export const date: fc.Arbitrary<Date> = fc.oneof(
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(-8.64e15, -1, 0, 2 ** 32 - 1, 2 ** 32, 8.64e15).map((time) => new Date(time)),
);

/** A value with `bytes` somewhere in it; its keys are `key`. */
export function value(bytes: fc.Arbitrary<unknown>, key: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  return fc.letrec<{ value: unknown; leaf: unknown }>((tie) => ({
    leaf: fc.oneof(text, number, date, fc.boolean(), fc.constantFrom(null, undefined)),
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      tie("leaf"),
      bytes,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.array(tie("leaf"), { minLength: 14, maxLength: 18 }),
      fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map(withFields),
      fc.array(fc.tuple(key, tie("leaf")), { minLength: 14, maxLength: 18 }).map(withFields),
    ),
  })).value;
}

function withFields(entries: readonly (readonly [string, unknown])[]): unknown {
  const fields = {};
  for (const [name, item] of entries) {
    Object.defineProperty(fields, name, {
      value: item,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return fields;
}
