/**
 * The server of client_test.ts, a process that can be killed: argv = port. Its page loads the client from it.
 * @module
 */
import { Server } from "../../mod.ts";

const PAGE = `<!doctype html><title>client</title><script src="/socket.io/socket.io.js"></script>`;

/** Numbers that clients sent, and why they left. */
const counted: number[] = [];
const left: string[] = [];

const io: Server = new Server({
  pingInterval: 1_000, // longer than the half second after which a server asks whether a poll is still waited for
  pingTimeout: 20_000,
  connectionStateRecovery: {},
  fallback: (request): Response => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/emit") io.emit("news", Number(searchParams.get("n")), new Uint8Array([1, 2, 3]));
    if (pathname === "/state") return Response.json({ counted, left, sockets: io.of("/").sockets.size });
    return new Response(pathname === "/" ? PAGE : "", { headers: { "content-type": "text/html" } });
  },
});

io.on("connection", (socket) => {
  socket.on("echo", (value, answer) => answer(value));
  socket.on(
    "ask me",
    async (answer) => answer(await socket.timeout(5_000).emitWithAck("question", new Uint8Array([7]))),
  );
  socket.on("count", (n) => counted.push(n));
  socket.on("disconnect", (reason) => left.push(reason));
});

Deno.serve(
  { port: Number(Deno.args[0]), hostname: "127.0.0.1", onListen: () => console.log("ready") },
  io.handler,
);
