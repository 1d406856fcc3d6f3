// The official server in Node, started by node_server_test.ts: argv = "json" or "msgpack". Prints its port.
// A line "news N" on stdin is sent to all clients.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Server } from "socket.io";
import * as msgpack from "socket.io-msgpack-parser";

const http = createServer();
const io = new Server(http, {
  connectionStateRecovery: {},
  serveClient: false,
  ...process.argv[2] === "msgpack" && { parser: msgpack },
});
const serve = (socket) => {
  socket.emit("auth", socket.handshake.auth);
  socket.on("message", (...args) => socket.emit("message-back", ...args));
  socket.on("message-with-ack", (value, answer) => answer(value));
  socket.on(
    "ask",
    (text) => socket.emit("question", text, (...answer) => socket.emit("answered", ...answer)),
  );
  socket.on("break", () => socket.conn.close());
  socket.on("disconnect", (reason) => console.log(`left ${reason}`));
};
io.on("connection", serve);
io.of("/guarded").use((_socket, next) => next(new Error("not authorized")));
http.listen(0, "127.0.0.1", () => console.log(`port ${http.address().port}`));
createInterface({ input: process.stdin }).on("line", (line) => {
  io.emit("news", Number(line.split(" ")[1]));
}).on("close", () => process.exit());
