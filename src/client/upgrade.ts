/**
 * A session on its way from polling to WebSocket: the new connection is probed while the old one works; then the old
 * one is paused, so that nothing is under way in two places, and what it had still to send goes over the new one.
 * Source: Engine.IO protocol v4, "Upgrade".
 * @module
 */
import { PROBE_PING_FRAME, PROBE_PONG_FRAME, UPGRADE_FRAME } from "../protocol/engine_packet.ts";
import type { PausableTransport, Transport, Upgradable } from "./transport.ts";

/** Begins an upgrade; returns how to stop it. */
export function upgrade(session: Upgradable, target: Transport): () => void {
  const from = session.from as PausableTransport;
  let isMoving = false;
  let isOver = false;
  const stop = (): void => {
    isOver = true;
    candidate.close();
  };
  const failed = (error: unknown): void => {
    if (isOver) return;
    stop();
    session.failed(error, isMoving);
  };
  const move = (): void => {
    isMoving = true;
    session.probed();
    from.pause((left) => {
      if (isOver) return;
      isOver = true;
      candidate.events = from.events;
      candidate.send([UPGRADE_FRAME, ...left]);
      from.close();
      session.moved(candidate);
    });
  };
  const candidate = target.open(session.endpoint, session.sid, {
    opened: () => candidate.send([PROBE_PING_FRAME]),
    frame: (frame) => {
      if (frame === PROBE_PONG_FRAME && !isMoving) move();
      else failed(new Error("probe error"));
    },
    drained: () => {},
    lost: failed,
  });
  return stop;
}
