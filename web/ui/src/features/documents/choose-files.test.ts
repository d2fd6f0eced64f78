import { describe, expect, it } from "vitest";

import { chooseFiles, fileNamed, inBatches, type UploadFile } from "./choose-files";

function file(name: string, bytes = 10): UploadFile {
  return { name, file: new File([new Uint8Array(bytes)], name.split("/").at(-1)!) };
}

describe("choosing files", () => {
  it("says of each file that is not sent why", () => {
    const { accepted, rejected } = chooseFiles(
      [file("a.pdf"), file("b.EXE"), file("empty.pdf", 0), file("large.pdf", 200), file("C.PDF")],
      [".pdf", ".docx"],
      100,
    );
    expect(accepted.map(({ name }) => name)).toEqual(["a.pdf", "C.PDF"]);
    expect(rejected.map(({ name, code }) => [name, code])).toEqual([
      ["b.EXE", "unsupported_format"],
      ["empty.pdf", "empty_file"],
      ["large.pdf", "too_large"],
    ]);
  });

  it("passes over what systems put into folders", () => {
    const names = ["x/.DS_Store", "x/Thumbs.db", "x/~$letter.docx", "x/__MACOSX/a.pdf", "x/ok.pdf"];
    expect(chooseFiles(names.map((name) => file(name)), [".pdf", ".docx"], 0)).toMatchObject({
      accepted: [{ name: "x/ok.pdf" }],
      rejected: [],
    });
  });

  it("sends everything while the formats are not known", () => {
    expect(chooseFiles([file("a.xyz")], [], 0).accepted).toHaveLength(1);
  });
});

describe("a folder", () => {
  it("keeps the paths of its files, so that equal names in two folders stay two documents", () => {
    const { accepted } = chooseFiles([file("x/a/README.md"), file("x/b/README.md")], [], 0);
    expect(accepted.map(({ name }) => name)).toEqual(["x/a/README.md", "x/b/README.md"]);
    expect(fileNamed(accepted, "x/b", "README.md")).toBe(accepted[1]);
    expect(fileNamed(accepted, "", "other.md")).toBeUndefined();
  });
});

describe("batches", () => {
  it("hold every file once and stay small", () => {
    const files = Array.from({ length: 25 }, (_, index) => file(`${index}.pdf`));
    const batches = inBatches(files);
    expect(batches.map((batch) => batch.length)).toEqual([10, 10, 5]);
    expect(batches.flat()).toEqual(files);
  });

  it("give a large file its own request", () => {
    const large = { name: "l.pdf", file: { size: 30_000_000 } as File };
    expect(inBatches([file("a.pdf"), large, file("b.pdf")]).map((batch) => batch.length)).toEqual([1, 1, 1]);
  });
});
