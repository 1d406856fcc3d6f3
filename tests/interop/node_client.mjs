// The official socket.io-client in Node, started by node_client_test.ts: argv = URL, transports as JSON.
// Prints one JSON line with what it saw and ends by itself.
import { io } from "socket.io-client";

const [url, transports] = process.argv.slice(2);
const socket = io(url, { transports: JSON.parse(transports), reconnection: false, auth: { from: "node" } });
const fail = (error) => {
  console.error(error);
  process.exit(1);
};
socket.on("connect_error", fail);
setTimeout(fail, 15_000, new Error("too late")).unref();

const auth = new Promise((resolve) => socket.once("auth", resolve));
const connected = new Promise((resolve) => socket.once("connect", resolve));
await connected;
if (JSON.parse(transports).length > 1 && socket.io.engine.transport.name === "polling") {
  await new Promise((resolve) => socket.io.engine.once("upgrade", resolve));
}
const back = new Promise((resolve) => socket.once("message-back", (...args) => resolve(args)));
socket.emit("message", Buffer.from([1, 2, 3]), "text", { n: 1 });
const [bytes, text, object] = await back;
const ack = await socket.timeout(5_000).emitWithAck("message-with-ack", Buffer.from([4]));
console.log(JSON.stringify({
  auth: await auth,
  isBuffer: Buffer.isBuffer(bytes) && Buffer.isBuffer(ack),
  bytes: [...bytes, ...ack],
  text,
  object,
  transport: await socket.timeout(5_000).emitWithAck("transport"),
}));
socket.disconnect();
