/**
 * How clients connect in tests.
 * @module
 */

/** The three ways to connect. */
export const TRANSPORTS: readonly (readonly [name: string, transports: string[]])[] = [
  ["polling", ["polling"]],
  ["WebSocket", ["websocket"]],
  ["polling and upgrade", ["polling", "websocket"]],
];
