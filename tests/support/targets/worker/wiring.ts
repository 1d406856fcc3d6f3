/**
 * What the Workers under test share: their settings, their log and how they are told to act. Runs in workerd.
 * @module
 */
import { env } from "cloudflare:workers";
import { type Actions, type Log } from "../apps.ts";
import { withHooks } from "../server.ts";
import { bytesIn, bytesOut } from "../wire_values.ts";

/** A line that the host reads: an entry of the log, or that an entry point of an object was called. */
export type Printed =
  | { readonly event: string; readonly facts: Record<string, unknown> }
  | { readonly life: string; readonly object: string };

/** What the host wants to run. */
export interface Settings {
  readonly app: "engine" | "socketio";
  readonly shards: number;
  readonly options: Record<string, unknown>;
}

/** As the host gave them. */
export const settings: Settings = (env as { SETTINGS: Settings }).SETTINGS;

/** Prints a line for the host. Nothing else tells it without waking anybody. */
export function print(line: Printed): void {
  console.log(JSON.stringify(line));
}

/** The log of the server. */
export const log: Log = (event, facts) => print({ event, facts: bytesOut(facts) as Record<string, unknown> });

const { echo, ...options } = withHooks(bytesIn(settings.options) as Record<string, unknown>);

/** Whether the engine app echoes. */
export const isEchoing: boolean = echo !== false;

/** The options of the server, with what hooks of the app throw going to the log. */
export const serverOptions: Record<string, unknown> = {
  ...options,
  onError: (error: unknown, where: string) => log("onError", { where, error: String(error) }),
};

/** What a test asks for. */
export interface Order extends Record<string, unknown> {
  readonly action: string;
}

/** Does what is asked. */
export async function obey(actions: Actions, { action, ...args }: Order): Promise<unknown> {
  const act = actions[action];
  if (!act) throw new Error(`no action "${action}"`);
  return bytesOut(await act(bytesIn(args) as Record<string, unknown>)) ?? null;
}

/** The order in a request from the host; undefined where it is a client's. */
export async function orderIn(request: Request): Promise<Order | undefined> {
  return new URL(request.url).pathname === "/__control" ? await request.json() : undefined;
}

/** The answer to an order. */
export async function answerTo(work: Promise<unknown>): Promise<Response> {
  try {
    return Response.json(await work);
  } catch (error) {
    return new Response(String((error as Error)?.stack ?? error), { status: 500 });
  }
}
