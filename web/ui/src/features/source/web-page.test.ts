import { describe, expect, it } from "vitest";

import { citation, source } from "@/features/answer/testing";

import { externalUrl, webPassage } from "./web-page";

const WEB = { url: "https://lib.example.edu/", site: "图书馆", published: "2026-03-02", seen_at: "2026-11-24T08:00:00Z", is_excerpt: false };

describe("a passage of the web", () => {
  it("marks the words that carry the claim, also after characters of two units", () => {
    const passage = webPassage({ ...source(2, "𠮷𠮷图书馆开放。", 10), web: WEB }, { ...citation(2, 0, 5), evidence_start: 12, evidence_end: 15 });
    expect(passage?.text.slice(passage.evidence!.start, passage.evidence!.end)).toBe("图书馆");
  });

  it("is only one where the server says so", () => {
    expect(webPassage(source(1), null)).toBeNull();
  });

  it("leads to web addresses and to nothing else", () => {
    expect(externalUrl("https://lib.example.edu/")).toBe("https://lib.example.edu/");
    expect(externalUrl("javascript:alert(1)")).toBeUndefined();
    expect(externalUrl("data:text/html,x")).toBeUndefined();
  });
});
