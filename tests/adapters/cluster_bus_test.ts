/** The buses that other tests rely on must be buses. */
import { MemoryNetwork } from "../support/memory_bus.ts";
import { testClusterBus } from "../ports/cluster_bus.ts";

for (const knows of [false, true]) {
  testClusterBus(`MemoryBus that ${knows ? "knows its servers" : "knows nothing"}`, () => {
    const network = new MemoryNetwork({ knows });
    let servers = 0;
    return { bus: () => network.bus(`s${servers++}`), settle: () => network.flush() };
  }, { routes: knows, knowsServers: knows });
}
