/**
 * The interface that schema libraries share (zod, valibot, arktype, …), so that none of them is a dependency.
 * Source: Standard Schema v1, https://standardschema.dev, and its extension for JSON Schema.
 * @module
 */

/** A schema of any such library: `Input` is what it takes, `Output` what it makes of it. */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** What libraries agree on. */
  readonly "~standard": StandardProps<Input, Output>;
}

/** What libraries agree on. */
export interface StandardProps<Input, Output> {
  /** Of the agreement. */
  readonly version: 1;
  /** The library. */
  readonly vendor: string;
  /** Checks a value. */
  readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  /** Types only. */
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  /** Renders the schema, where the library can. */
  readonly jsonSchema?: StandardJsonSchema | undefined;
}

/** Renders a schema as JSON Schema; throws where it has no such form. */
export interface StandardJsonSchema {
  /** What it takes. */
  readonly input: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
  /** What it makes. */
  readonly output: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
}

/** The value as the schema made it, or what is wrong. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong. */
export interface StandardIssue {
  /** In words. */
  readonly message: string;
  /** Where: keys, or objects that hold one. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A schema of whatever types. */
// deno-lint-ignore no-explicit-any -- stands for every instance of the generics
export type AnySchema = StandardSchema<any, any>;

/** What a schema takes. */
export type InputOf<Schema extends AnySchema> = NonNullable<Schema["~standard"]["types"]>["input"];

/** What a schema makes of it. */
export type OutputOf<Schema extends AnySchema> = NonNullable<Schema["~standard"]["types"]>["output"];
