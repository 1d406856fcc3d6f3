/**
 * Checks of option values. Each failing check throws a TypeError that names the option, its value and what is
 * allowed; nothing is coerced.
 * @module
 */

/** Throws the TypeError for option `name`: its value, then what is allowed. */
export function refuse(name: string, value: unknown, allowed: string): never {
  throw new TypeError(`Invalid option "${name}": ${show(value)}, expected ${allowed}`);
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (value instanceof RegExp) return String(value);
  if (typeof value === "object" && value !== null) {
    return Array.isArray(value) ? `an array of ${value.length}` : "an object";
  }
  return String(value);
}

/** A whole number from `min` to `max`, both included; `fallback` where the value is undefined. */
export function wholeNumber(
  name: string,
  value: unknown,
  fallback: number,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  if (value === undefined) return fallback;
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  return refuse(name, value, `a whole number from ${min} to ${max}`);
}

/** `true` or `false`; `fallback` where the value is undefined. */
export function flag(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  return typeof value === "boolean" ? value : refuse(name, value, "true or false");
}

/** A function, or undefined. */
export function optionalFunction<F>(name: string, value: F | undefined): F | undefined {
  if (value === undefined || typeof value === "function") return value;
  return refuse(name, value, "a function");
}

/** Throws unless `options` is a plain options object whose every key is in `known`. */
export function knownKeys(what: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`Invalid ${what}: ${show(options)}, expected an object`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new TypeError(`Unknown option "${key}" of ${what}, expected one of: ${known.join(", ")}`);
    }
  }
}
