/**
 * Connection state recovery where a client may come back to any shard: the session is fetched from where it is, with
 * what was missed there, and the rooms are entered here before what came meanwhile is asked for once more, so that
 * nothing falls between.
 *
 * The secret of a session (`pid`) names the shard on which it began, its home, for as long as it lives. The home keeps
 * it, or knows where it went.
 * @module
 */
import type { DurableSessionStore } from "../adapters/durable_session_store.ts";
import type { KeyValueStore } from "../adapters/key_value.ts";
import type { Room } from "../core/ids.ts";
import type { HandedSession, Recovery, ResumedSession } from "../core/recovery.ts";
import type { LoggedEvent, Offset, PrivateId, RecoverableSession } from "../core/session_store.ts";
import type { ReportError } from "../engine/ports.ts";
import type { Clock } from "../time/clock.ts";

/** What shards ask of each other. */
export type HandoverCall =
  | {
    readonly do: "take";
    readonly nsp: string;
    readonly pid: PrivateId;
    readonly known: Offset | undefined;
    /** Who will have it. */
    readonly by: number;
    /** Whether the home asks, which knows that it is here. */
    readonly isSent: boolean;
  }
  | { readonly do: "more"; readonly mark: Offset; readonly session: RecoverableSession };

/** A session, and the shard that gave it. */
interface Handed extends HandedSession {
  readonly at: number;
}

/** How such calls reach a shard. */
export interface HandoverNet {
  handOver(shard: number, call: HandoverCall): Promise<unknown>;
}

/** What a {@linkcode SessionHandover} works with. */
export interface HandoverOptions {
  readonly shard: number;
  readonly net: HandoverNet;
  readonly kv: KeyValueStore;
  readonly timers: Clock;
  readonly report: ReportError;
  readonly recovery: Recovery;
  readonly store: DurableSessionStore;
  shardOf(id: string): number | undefined;
  /** Tells the hubs that somebody of these rooms is here. */
  enter(nsp: string, rooms: readonly (Room | undefined)[]): Promise<unknown>;
  /** Keeps the places in rooms for some ms, whoever leaves. */
  hold(nsp: string, rooms: readonly (Room | undefined)[], ms: number): void;
}

/** ms that both shards keep the places of a session on its way. */
const ON_THE_WAY = 10_000;
/** ms in which what other shards had sent to the former shard arrives there. */
const LATE = 250;
/** ms that a home knows where a session went. */
const KNOWN = 604_800_000;
const MOVED = "skein/moved/";
/** Characters: ours are far shorter. */
const MAX_PID = 200;
/** Sessions that one connection may ask for in vain; then it begins anew. */
const MAX_VAIN = 3;

/** Gives sessions away, and fetches them. */
export class SessionHandover {
  readonly #options: HandoverOptions;
  /**
   * How often another shard was asked in vain for each connection: a client may invent secrets, and each would have us
   * call another shard.
   */
  readonly #vain = new WeakMap<object, number>();

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /** Fetches a session that another shard keeps; undefined where it would be here. Never rejects. */
  fetch(
    nsp: string,
    pid: PrivateId,
    known: Offset | undefined,
    end: () => Offset,
    by: object,
  ): Promise<ResumedSession | undefined> | undefined {
    const { shard, store, shardOf, report } = this.#options;
    const home = pid.length > MAX_PID ? undefined : shardOf(pid);
    if (home === undefined || store.has(pid)) return undefined;
    const at = home === shard ? this.#movedTo(pid) : home;
    if (at === undefined || at === shard) return undefined;
    const vain = this.#vain.get(by) ?? 0;
    if (vain >= MAX_VAIN) return undefined;
    this.#vain.set(by, vain + 1); // until it turns out otherwise
    const call: HandoverCall = { do: "take", nsp, pid, known, by: shard, isSent: home === shard };
    return this.#fetch(at, call, end).catch((error) => {
      report(error, `fetching of a session from shard ${at}`);
      return undefined; // the client begins anew
    }).then((resumed) => {
      if (resumed !== undefined) this.#vain.set(by, this.#vain.get(by)! - 1);
      return resumed;
    });
  }

  /** Whether the answer to another shard is more than that there is nothing. */
  knows(call: HandoverCall): boolean {
    return call.do === "more" || this.#options.store.has(call.pid) || this.#movedTo(call.pid) !== undefined;
  }

  /** Answers another shard. */
  async answer(call: HandoverCall): Promise<Handed | readonly LoggedEvent[] | undefined> {
    const { timers, recovery } = this.#options;
    if (call.do === "take") return await this.#give(call);
    await new Promise<void>((resolve) => timers.at(timers.now() + LATE, resolve));
    return await recovery.eventsSince(call.mark, call.session);
  }

  /** Forgets where sessions went long ago. */
  forgetOld(): void {
    const { kv, timers } = this.#options;
    for (const [key, value] of [...kv.list({ prefix: MOVED })]) {
      if ((value as { until: number }).until <= timers.now()) kv.delete(key);
    }
  }

  async #fetch(
    at: number,
    call: HandoverCall & { do: "take" },
    end: () => Offset,
  ): Promise<ResumedSession | undefined> {
    const { net, kv, shard, shardOf, enter, hold } = this.#options;
    const handed = await net.handOver(at, call) as Handed | undefined;
    if (handed === undefined) return undefined;
    if (shardOf(call.pid) === shard) kv.delete(MOVED + call.pid); // it is home again
    const { session, events, mark } = handed;
    const rooms = [undefined, ...session.rooms];
    const offset = end();
    hold(session.nsp, rooms, ON_THE_WAY);
    await enter(session.nsp, rooms);
    const more = await net.handOver(handed.at, { do: "more", mark, session }) as readonly LoggedEvent[];
    return { session, offset, brought: [...events, ...more] };
  }

  async #give(call: HandoverCall & { do: "take" }): Promise<Handed | undefined> {
    const { shard, net, recovery, store, hold } = this.#options;
    const { nsp, pid, known, by, isSent } = call;
    const moved = store.has(pid) || isSent ? undefined : this.#movedTo(pid);
    if (moved === by) return undefined; // whoever asks would have it
    if (moved !== undefined) {
      const handed = await net.handOver(moved, { ...call, isSent: true }) as Handed | undefined;
      if (handed !== undefined) this.#move(pid, by);
      return handed;
    }
    const handed = await recovery.handOver(nsp, pid, known);
    if (handed === undefined) return undefined;
    hold(nsp, [undefined, ...handed.session.rooms], ON_THE_WAY);
    if (!isSent) this.#move(pid, by);
    return { ...handed, at: shard };
  }

  #movedTo(pid: PrivateId): number | undefined {
    return (this.#options.kv.get(MOVED + pid) as { shard: number } | undefined)?.shard;
  }

  #move(pid: PrivateId, shard: number): void {
    const { kv, timers } = this.#options;
    kv.put(MOVED + pid, { shard, until: timers.now() + KNOWN });
  }
}
