import { assertEquals } from "@std/assert";
import { ClusterRequests, type SilentServersError } from "../../src/adapters/cluster_requests.ts";
import type { ServerId } from "../../src/adapters/cluster_messages.ts";
import type { Answers } from "../../src/core/adapter.ts";
import { ManualClock } from "../../src/time/manual_clock.ts";

const [A, B, C] = ["a", "b", "c"] as ServerId[] as [ServerId, ServerId, ServerId];

interface Setup {
  readonly clock: ManualClock;
  readonly requests: ClusterRequests;
  /** Opens "q", which ends at 100. */
  open(needsAll?: boolean): { outcome(): Promise<unknown> };
}

/** What came of a question: the values, and the error's text; "open" where it is. */
function setup(): Setup {
  const clock = new ManualClock();
  const requests = new ClusterRequests(clock);
  return {
    clock,
    requests,
    open(needsAll = false) {
      let answers: Answers | undefined;
      requests.open("q", 100, needsAll).then((settled) => answers = settled);
      return {
        async outcome() {
          await Promise.resolve();
          await Promise.resolve();
          return answers === undefined ? "open" : [answers.values, answers.error?.message ?? null];
        },
      };
    },
  };
}

Deno.test("ClusterRequests settles when all who were asked have answered, with the values in the order of arrival", async () => {
  const { clock, requests, open } = setup();
  const { outcome } = open();
  requests.asked("q", [A, B, C], true);
  requests.answered("q", B, [1, 2], undefined);
  requests.answered("q", A, [], undefined);
  assertEquals(await outcome(), "open");
  requests.answered("q", C, [3], undefined);
  assertEquals(await outcome(), [[1, 2, 3], null]);
  assertEquals([clock.pending, requests.size], [0, 0]);
});

Deno.test("ClusterRequests settles at once when nobody was asked", async () => {
  const { clock, requests, open } = setup();
  const { outcome } = open();
  assertEquals(await outcome(), "open");
  requests.asked("q", [], true);
  assertEquals(await outcome(), [[], null]);
  assertEquals(clock.pending, 0);
});

Deno.test("ClusterRequests takes answers that come before it is known who was asked", async () => {
  const { requests, open } = setup();
  const { outcome } = open();
  requests.answered("q", B, [2], undefined);
  requests.answered("q", C, [3], undefined);
  requests.asked("q", [A, B], true);
  assertEquals(await outcome(), "open");
  requests.answered("q", A, [1], undefined);
  assertEquals(await outcome(), [[2, 1], null]); // c was not asked
});

Deno.test("ClusterRequests ignores answers that come twice, late, from nobody asked or to no question", async () => {
  const { requests, open } = setup();
  const { outcome } = open();
  requests.asked("q", [A, B], true);
  requests.answered("q", A, [1], undefined);
  requests.answered("q", A, [9], "twice");
  requests.answered("q", C, [9], "not asked");
  requests.answered("none", B, [9], "no such question");
  assertEquals(await outcome(), "open");
  requests.answered("q", B, [2], undefined);
  requests.answered("q", B, [9], "late");
  assertEquals(await outcome(), [[1, 2], null]);
});

Deno.test("ClusterRequests counts one who answers unexpectedly where it is not known who is there", async () => {
  const { requests, open } = setup();
  const { outcome } = open();
  requests.asked("q", [A], false);
  requests.answered("q", C, [3], undefined); // came while it was asked
  assertEquals(await outcome(), "open");
  requests.answered("q", A, [1], undefined);
  assertEquals(await outcome(), [[3, 1], null]);
});

Deno.test("ClusterRequests ends at the deadline with what has come, and names the silent", async () => {
  const { clock, requests } = setup();
  const promise = requests.open("q", 100, false);
  requests.asked("q", [A, B, C], true);
  requests.answered("q", B, [2], undefined);
  clock.advance(99);
  assertEquals(requests.size, 1);
  clock.advance(1);
  const { values, error } = await promise;
  assertEquals(values, [2]);
  assertEquals(error?.message, "operation has timed out: no answer of server a, c");
  assertEquals((error as SilentServersError).servers, [A, C]);
  assertEquals([clock.pending, requests.size], [0, 0]);
});

Deno.test("ClusterRequests ends at the deadline also when nobody knows yet who was asked", async () => {
  const { clock, requests, open } = setup();
  const { outcome } = open();
  requests.answered("q", B, [2], undefined);
  clock.advance(100);
  assertEquals(await outcome(), [[2], "operation has timed out: the question has not left"]);
  requests.asked("q", [A], true);
  assertEquals(clock.pending, 0);
});

Deno.test("ClusterRequests does not wait for one that is gone", async () => {
  const { clock, requests, open } = setup();
  const { outcome } = open();
  requests.gone(A); // before it is known that it was asked
  requests.asked("q", [A, B, C], true);
  requests.answered("q", B, [2], undefined);
  requests.gone(B); // has answered already
  requests.gone("d" as ServerId);
  assertEquals(await outcome(), "open");
  requests.gone(C);
  requests.answered("q", C, [9], undefined);
  assertEquals(await outcome(), [[2], null]);
  assertEquals(clock.pending, 0);
});

Deno.test("ClusterRequests says where it needs all and one left before it answered", async () => {
  const { requests, open } = setup();
  const { outcome } = open(true);
  requests.asked("q", [A, B], true);
  requests.gone(A);
  requests.gone(C);
  requests.answered("q", B, [2], undefined);
  assertEquals(await outcome(), [[2], "server a left before it answered"]);
});

Deno.test("ClusterRequests passes on the first error of those who were asked, with all values", async () => {
  const { requests, open } = setup();
  const { outcome } = open();
  requests.answered("q", C, [], "not asked");
  requests.asked("q", [A, B], true);
  requests.answered("q", A, [1], "oops");
  requests.answered("q", B, [2], "oops again");
  assertEquals(await outcome(), [[1, 2], "oops"]);
});

Deno.test("ClusterRequests ends a question that could not be asked, and all when it is closed", async () => {
  const { clock, requests, open } = setup();
  const { outcome } = open();
  requests.fail("none", new Error("nobody cares"));
  requests.fail("q", new Error("no bus"));
  assertEquals(await outcome(), [[], "no bus"]);
  const again = open();
  requests.close();
  assertEquals(await again.outcome(), [[], "Cannot wait for answers: the namespace is closed"]);
  assertEquals(clock.pending, 0);
});
