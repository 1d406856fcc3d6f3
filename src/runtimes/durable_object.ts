/**
 * The platform's base class of Durable Objects, which gives them methods that other objects may call. Only workerd
 * has it: nothing that runs elsewhere may import this file.
 * @module
 */
import { DurableObject as Platform } from "cloudflare:workers";
import type { ObjectState } from "./object_state.ts";

/** What every Durable Object has. */
export interface DurableObjectBase<Env> {
  /** Its state. */
  readonly ctx: ObjectState;
  /** The bindings of its Worker. */
  readonly env: Env;
}

/** The base class. */
export const DurableObject: new <Env>(ctx: ObjectState, env: Env) => DurableObjectBase<Env> =
  Platform as unknown as new <Env>(ctx: ObjectState, env: Env) => DurableObjectBase<Env>;
