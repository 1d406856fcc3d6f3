/**
 * The sending half of a client's socket: `emit` and what changes one emission. Each change returns a new value, so that
 * `socket.timeout(100)` may be kept and used again, and changes nothing else.
 * @module
 */
import type {
  AckValue,
  DecorateAcknowledgements,
  EventNames,
  EventNamesWithAck,
  EventParams,
  MessageParams,
  ParamsWithoutAck,
} from "../events/event_types.ts";

/** How one event is sent. */
export interface EmitFlags {
  /** Drop it where it cannot leave at once. */
  readonly volatile?: boolean;
  /** ms that its ack may take. */
  readonly timeout?: number;
  /** Whether its ack takes an error first. */
  readonly takesError?: boolean;
}

/** Sends an event: its name, its arguments, its ack. */
export type Emit = (flags: EmitFlags, args: unknown[]) => void;

/** What one may call on a socket to send. */
export class Sender<EmitEvents> {
  readonly #emit: Emit;
  readonly #flags: EmitFlags;

  /** Sends by `emit`, always in this way. */
  constructor(emit: Emit, flags: EmitFlags) {
    this.#emit = emit;
    this.#flags = flags;
  }

  /** Sends an event; a function as the last argument is its ack. */
  emit<Ev extends EventNames<EmitEvents>>(event: Ev, ...args: EventParams<EmitEvents, Ev>): this {
    this.#emit(this.#flags, [event, ...args]);
    return this;
  }

  /** Sends an event and resolves to its ack. Rejects where that does not come: too late, or disconnected. */
  emitWithAck<Ev extends EventNamesWithAck<EmitEvents>>(
    event: Ev,
    ...args: ParamsWithoutAck<EmitEvents, Ev>
  ): Promise<AckValue<EmitEvents, Ev>> {
    return new Promise((resolve, reject) => {
      const settled = (error: unknown, value: AckValue<EmitEvents, Ev>): void =>
        error ? reject(error) : resolve(value);
      this.#emit({ ...this.#flags, takesError: true }, [event, ...args, settled]);
    });
  }

  /** Sends the event "message". */
  send(...args: MessageParams<EmitEvents>): this {
    this.#emit(this.#flags, ["message", ...args]);
    return this;
  }

  /** The same, but an event that cannot leave at once is dropped. */
  get volatile(): Sender<EmitEvents> {
    return this.#with({ volatile: true });
  }

  /** The same, but acks may take `ms`: they get an error first, or null. */
  timeout(ms: number): Sender<DecorateAcknowledgements<EmitEvents>> {
    return this.#with({ timeout: ms });
  }

  /** The same: whether messages are compressed is for the platform to say. */
  compress(_compress: boolean): Sender<EmitEvents> {
    return this.#with({});
  }

  #with<Events = EmitEvents>(flags: EmitFlags): Sender<Events> {
    return new Sender(this.#emit, { ...this.#flags, ...flags });
  }
}
