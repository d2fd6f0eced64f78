import { renderToStaticMarkup } from "react-dom/server";
import Markdown from "react-markdown";
import rehypeSanitize from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import { describe, expect, it } from "vitest";

import type { Flag } from "@/api/types";

import { ANSWER_SCHEMA, remarkAnswer } from "./remark-answer";
import { sentenceSupport, type SentenceSupport } from "./support";

/** The answer's HTML, by the same plugins as in the page. */
function html(text: string, numbers: number[] = [1, 2, 3], sentences: SentenceSupport[] = [], flags: Flag[] = []): string {
  const markup = { sourceNumbers: new Set(numbers), sentences, flags };
  return renderToStaticMarkup(
    <Markdown
      remarkPlugins={[[remarkGfm, { singleTilde: false }], [remarkAnswer, markup]] as never}
      rehypePlugins={[[rehypeSanitize, ANSWER_SCHEMA]] as never}
      components={{
        // React-markdown passes no data attributes on by itself: the page's own component reads them the same way.
        span: ({ node, children }) => {
          const { dataCitation, dataPosition, dataSupport, dataFlag, dataStruck } = node?.properties ?? {};
          if (dataFlag !== undefined) return <mark data-kind={dataFlag as string}>{children}</mark>;
          if (dataStruck === "true") return <del>{children}</del>;
          return dataCitation === undefined ? (
            <span data-support={dataSupport as string}>{children}</span>
          ) : (
            <button data-at={dataPosition as string}>{children}</button>
          );
        },
      }}
    >
      {text}
    </Markdown>,
  );
}

const chips = (markup: string) => [...markup.matchAll(/<button data-at="(\d+)">(\d+)<\/button>/g)].map((match) => [Number(match[2]), Number(match[1])]);

describe("markers", () => {
  it("become chips that know where they stand", () => {
    expect(chips(html("One.[1] Two **bold** [2][3]."))).toEqual([[1, 4], [2, 21], [3, 24]]);
  });

  it("count code points, as the server does", () => {
    expect(chips(html("𠮷🙂[1]"))).toEqual([[1, 2]]);
  });

  it("stand in lists, tables and headings too", () => {
    const text = "# Title [1]\n\n- item [2]\n\n| a | b |\n| --- | --- |\n| x [3] | y |";
    expect(chips(html(text)).map(([number]) => number)).toEqual([1, 2, 3]);
  });

  it("of passages that were not given stay text", () => {
    const markup = html("Invented [9].", [1]);
    expect(chips(markup)).toEqual([]);
    expect(markup).toContain("[9]");
  });

  it("in code stay code", () => {
    expect(chips(html("`a[1]`\n\n```\nb[2]\n```"))).toEqual([]);
  });

  it("do not become links where the answer defines what they point to", () => {
    const markup = html("Claim [1].\n\n[1]: https://evil.example/x");
    expect(markup).not.toContain("<a");
    expect(chips(markup)[0]).toEqual([1, 6]);
  });
});

describe("doubtful sentences", () => {
  const text = "Fine. Wrong **by far** [1]. Fine again.";
  const wrong = { start: 6, end: 27, support: "unsupported" as const, reason: "why" };

  it("are wrapped, through bold text and chips, and no others", () => {
    const markup = html(text, [1], [wrong]);
    const wrapped = [...markup.matchAll(/<span data-support="unsupported">(.*?)<\/span>/g)].map((match) => match[1]!.replace(/<[^>]*>/g, ""));
    expect(wrapped.join("")).toBe("Wrong by far1.");
    expect(markup).toContain("Fine again.");
    expect(chips(markup)).toEqual([[1, 23]]);
  });

  it("are not wrapped where the passage carries them", () => {
    expect(html(text, [1], [{ ...wrong, support: "supported" }])).not.toContain("data-support=\"");
  });
});

describe("an answer never leads elsewhere", () => {
  const hostile = [
    "[click](https://evil.example)",
    "<a href='https://evil.example'>x</a>",
    "https://evil.example/path",
    "www.evil.example",
    "![picture](https://evil.example/p.png)",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "<iframe src='https://evil.example'></iframe>",
    "[ref][r]\n\n[r]: https://evil.example 'title'",
    "<https://evil.example>",
    "mail@evil.example",
    "Note[^1]\n\n[^1]: <img src=https://evil.example/x>",
    "<span data-citation='1' data-position='0'>1</span>",
    "<div style='background:url(https://evil.example)'>x</div>",
    "<svg onload=alert(1)>",
  ];

  it.each(hostile)("%s", (text) => {
    const markup = html(text);
    expect(markup).not.toMatch(/<(a|img|script|iframe|svg|div|button|form|style|link)\b/i);
    expect(markup).not.toMatch(/<[^>]*\s(href|src|style|on\w+)=/i);
  });

  it("but shows addresses as text", () => {
    expect(html("See [the site](https://example.com/x).")).toContain("the site (https://example.com/x)");
    expect(html("See https://example.com/x")).toContain("https://example.com/x");
  });
});

describe("lines", () => {
  it("end where the answer ends them", () => {
    expect(html("First quote.[1]\nSecond quote.[2]")).toMatch(/<\/button><br\/>\s*Second/);
  });
});

describe("what stands in no source", () => {
  const flag = (start: number, end: number): Flag => ({ kind: "document_number", start, end, is_withheld: false });

  it("is set apart, in code points, also in a doubtful sentence and beside markers", () => {
    const sentences = [{ start: 2, end: 22, support: "partly" as const, reason: "" }];
    expect(html("🙂 By RFC 2119 it is [1].", [1], sentences, [flag(5, 13)])).toContain(
      '<mark data-kind="document_number">RFC 2119</mark>',
    );
  });

  it("is set apart on each line and each time, and never a link", () => {
    const markup = html("See RFC 1 and\nRFC 2 at https://evil.example/.", [1], [], [flag(4, 9), flag(14, 19)]);
    expect([...markup.matchAll(/<mark[^>]*>(.*?)<\/mark>/g)].map((match) => match[1])).toEqual(["RFC 1", "RFC 2"]);
    expect(markup).not.toContain("<a");
  });
});

describe("a sentence that cites nothing", () => {
  it("is wrapped as such, and what is flagged in it as well", () => {
    const flags: Flag[] = [
      { kind: "uncited", start: 14, end: 33, is_withheld: false },
      { kind: "document_number", start: 17, end: 25, is_withheld: false },
    ];
    const text = "It is so [1]. By RFC 2119 it was.";
    const markup = html(text, [1], sentenceSupport([], flags), flags);
    expect(markup).toContain('<span data-support="uncited">By <mark data-kind="document_number">RFC 2119</mark> it was.</span>');
  });
});

describe("a sentence that no passage carries", () => {
  it("is struck out where the server says so", () => {
    const sentences = [{ start: 6, end: 23, support: "unsupported" as const, reason: "", isStruck: true }];
    expect(html("Fine. Wrong by far [1]. Fine.", [1], sentences)).toMatch(/<del>Wrong by far<button[^>]*>1<\/button>\.<\/del>/);
  });
});
