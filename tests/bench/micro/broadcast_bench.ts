import { MemoryServer } from "../memory_server.ts";

const text = "x".repeat(32);
const binary = new Uint8Array(1024);

for (const count of [10, 1_000, 10_000]) {
  const server = new MemoryServer();
  server.io.on("connection", (socket) => void socket.join("room"));
  await server.connectMany(count);
  const members = `${count.toLocaleString("en")} members`;
  Deno.bench(`text to a room of ${members}`, { group: members, baseline: true }, () => {
    server.io.to("room").emit("tick", text);
  });
  Deno.bench(`binary to a room of ${members}`, { group: members }, () => {
    server.io.to("room").emit("tick", binary);
  });
  Deno.bench(`text to all ${members}`, { group: members }, () => {
    server.io.emit("tick", text);
  });
}
