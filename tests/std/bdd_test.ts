import { assertEquals, assertMatch } from "@std/assert";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "@std/testing/bdd";
import { runFixture } from "./run_fixture.ts";

describe("describe()", () => {
  const log: string[] = [];
  beforeAll(() => void log.push("beforeAll"));
  beforeEach(() => void log.push("beforeEach"));
  afterEach(() => void log.push("afterEach"));
  afterAll(() => {
    assertEquals(log, [
      ...["beforeAll", "beforeEach", "one", "afterEach"],
      ...["beforeEach", "inner beforeEach", "two", "inner afterEach", "afterEach"],
    ]);
  });
  it("runs its cases", () => void log.push("one"));
  describe("inside another", () => {
    beforeEach(() => void log.push("inner beforeEach"));
    afterEach(() => void log.push("inner afterEach"));
    it("has the hooks of both", () => void log.push("two"));
  });
});

Deno.test("it.only() inside a suite leaves out the rest of the file", async () => {
  const output = await runFixture(`
    import { describe, it } from "@std/testing/bdd";
    describe("outer", () => {
      it("first", () => console.log("ran first"));
      describe("inner", () => {
        it.only("second", () => console.log("ran second"));
        it("third", () => console.log("ran third"));
      });
    });
    it("fourth", () => console.log("ran fourth"));
  `);
  assertEquals(output.match(/ran \w+/g), ["ran second"]);
});

Deno.test("it.skip(), it.ignore() and describe.skip() leave out what they name", async () => {
  const output = await runFixture(`
    import { describe, it } from "@std/testing/bdd";
    describe("outer", () => {
      it.skip("first", () => console.log("ran first"));
      it.ignore("second", () => console.log("ran second"));
      it("third", () => console.log("ran third"));
    });
    describe.skip("skipped", () => {
      it("fourth", () => console.log("ran fourth"));
    });
  `);
  assertEquals(output.match(/ran \w+/g), ["ran third"]);
  assertMatch(output, /1 passed \(1 step\) \| 0 failed \| 1 ignored \(2 steps\)/);
});

Deno.test("A failing case and a failing hook fail the run; afterAll still runs", async () => {
  const output = await runFixture(`
    import { afterAll, beforeEach, describe, it } from "@std/testing/bdd";
    describe("outer", () => {
      afterAll(() => console.log("ran afterAll"));
      it("bad", () => { throw new Error("on purpose"); });
      it("good", () => console.log("ran good"));
    });
    describe("hooked", () => {
      beforeEach(() => { throw new Error("hook"); });
      it("never", () => console.log("ran never"));
    });
  `);
  assertEquals(output.match(/ran \w+/g), ["ran good", "ran afterAll"]);
  assertMatch(output, /0 passed \(1 step\) \| 2 failed \(2 steps\)/);
});
