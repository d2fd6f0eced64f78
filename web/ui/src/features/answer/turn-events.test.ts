import { describe, expect, it } from "vitest";

import { parseTurnEvent } from "./turn-events";

describe("an event of the stream", () => {
  it("is known by its name, or by its type where it has no name", () => {
    expect(parseTurnEvent("answer", '{"text":"Hello"}')).toEqual({ type: "answer", text: "Hello" });
    expect(parseTurnEvent(undefined, '{"type":"reasoning","text":"Hm"}')).toEqual({ type: "reasoning", text: "Hm" });
  });

  it("that is unknown or broken is passed over", () => {
    expect(parseTurnEvent("heartbeat", "{}")).toBeNull();
    expect(parseTurnEvent("answer", "{")).toBeNull();
    expect(parseTurnEvent("answer", "[1]")).toBeNull();
    expect(parseTurnEvent(undefined, '"answer"')).toBeNull();
  });
});
