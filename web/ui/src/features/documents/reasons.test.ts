import { describe, expect, it } from "vitest";

import { describeReading } from "./reasons";

const t = ((key: string, values: Record<string, string>) => `${key} ${values.some}/${values.all}`) as unknown as Parameters<typeof describeReading>[0];

describe("what the server says of a reading", () => {
  it("is told in the reader's language where it is known, and as it is otherwise", () => {
    expect(describeReading(t, "the page is damaged")).toBe("documents.reason.damaged /");
    expect(describeReading(t, "3 of 12 pages could not be read (page 1, 4, 9).")).toBe("documents.reason.pages 3/12");
    expect(describeReading(t, "Only the first 5,000 of 9,000 pages were read.")).toBe("documents.reason.firstPages 5,000/9,000");
    expect(describeReading(t, "minutes.docx: it is encrypted.")).toBe("minutes.docx: it is encrypted.");
  });
});
