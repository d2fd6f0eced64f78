import type { Link, Nodes, Parent, PhrasingContent, Root, RootContent, Text } from "mdast";
import type { VFile } from "vfile";

import type { Flag } from "@/api/types";
import { offsetMap } from "@/text/offsets";

import type { SentenceSupport } from "./support";

export type AnswerMarkup = {
  sourceNumbers: ReadonlySet<number>;
  sentences: readonly SentenceSupport[];
  flags?: readonly Flag[];
};

const MARKER = /\[(\d{1,3})\]/g;

/**
 * A remark plugin. Markers `[n]` of known sources become citation nodes, sentences that their passages do not carry
 * or that cite nothing are wrapped, what stands in no source is flagged, and everything that could lead the reader elsewhere (links, images, raw HTML) becomes plain text.
 */
export function remarkAnswer(markup: AnswerMarkup) {
  return (tree: Root, file: VFile) => {
    const source = String(file);
    const map = offsetMap(source);
    const sentences = markup.sentences
      .filter(({ support }) => support === "unsupported" || support === "partly" || support === "uncited")
      .map((sentence) => ({ ...sentence, start: map.toUtf16(sentence.start), end: map.toUtf16(sentence.end) }));
    const flags = (markup.flags ?? []).filter((flag) => flag.kind !== "uncited").map((flag) => ({
      ...flag,
      start: map.toUtf16(flag.start),
      end: map.toUtf16(flag.end),
    }));
    const known = { numbers: markup.sourceNumbers, flags, toCodePoint: map.toCodePoint };
    const mark = (text: Text) => markText(text, sentences, known) ?? [text];
    rewrite(tree, (node, parent) => {
      switch (node.type) {
        case "text":
          return mark(node);
        case "link":
          return plainLink(node);
        case "image":
        case "imageReference":
          return [{ type: "text", value: node.alt ?? "" }];
        case "linkReference":
        case "footnoteReference":
          return mark(asWritten(node, source));
        case "html":
        case "definition":
        case "footnoteDefinition": {
          const children = mark(asWritten(node, source));
          return FLOW_PARENTS.has(parent.type) ? [{ type: "paragraph", children }] : children;
        }
        default:
          return null;
      }
    });
  };
}

/** Replace children for which `change` returns nodes; null keeps the node and looks inside it. */
function rewrite(parent: Parent, change: (node: RootContent, parent: Parent) => RootContent[] | null): void {
  parent.children = parent.children.flatMap((child) => {
    if ("children" in child) rewrite(child, change);
    return change(child, parent) ?? [child];
  });
}

const FLOW_PARENTS = new Set(["root", "blockquote", "listItem", "footnoteDefinition"]);

function asWritten(node: Nodes, source: string): Text {
  const value = source.slice(node.position?.start.offset ?? 0, node.position?.end.offset ?? 0);
  return { type: "text", value, position: node.position };
}

function plainLink(node: Link): PhrasingContent[] {
  const shown = node.children.map((child) => ("value" in child ? child.value : "")).join("");
  const address = node.url.replace(/^mailto:/, "");
  return shown === node.url || shown === address || !node.url
    ? node.children
    : [...node.children, { type: "text", value: ` (${node.url})` }];
}

type MarkedSentence = SentenceSupport;

type Known = { numbers: ReadonlySet<number>; flags: readonly Flag[]; toCodePoint: (index: number) => number };

function markText(
  node: Text,
  sentences: readonly MarkedSentence[],
  known: Known,
): PhrasingContent[] | null {
  const start = node.position?.start.offset;
  const end = node.position?.end.offset;
  // Escapes and entities make a text shorter than its source: then only the markers can be placed, by estimate.
  const exact = start !== undefined && end !== undefined && end - start === node.value.length;
  const at = start ?? 0;
  const marks = exact ? known : { ...known, flags: [] };
  const inside = exact ? sentences.filter((sentence) => sentence.start < at + node.value.length && sentence.end > at) : [];
  const pieces: PhrasingContent[] = [];
  let from = 0;
  const push = (to: number, make: (text: string) => PhrasingContent[]) => {
    if (to > from) pieces.push(...make(node.value.slice(from, to)));
    from = to;
  };
  for (const sentence of inside) {
    push(Math.max(from, sentence.start - at), (text) => cite(text, at + from, marks));
    const sentenceEnd = Math.min(node.value.length, sentence.end - at);
    push(sentenceEnd, (text) => [doubtful(cite(text, at + from, marks), sentence)]);
  }
  push(node.value.length, (text) => cite(text, at + from, marks));
  const [only] = pieces;
  return pieces.length === 1 && only?.type === "text" && !only.data ? null : pieces;
}

function cite(
  text: string,
  offset: number,
  known: Known,
): PhrasingContent[] {
  const pieces: PhrasingContent[] = [];
  let from = 0;
  for (const match of text.matchAll(MARKER)) {
    const number = Number(match[1]);
    if (!known.numbers.has(number)) continue;
    if (match.index > from) pieces.push(...words(text.slice(from, match.index).replace(/ $/, ""), offset + from, known.flags));
    pieces.push({
      type: "text",
      value: String(number),
      data: {
        hName: "span",
        hProperties: { dataCitation: String(number), dataPosition: String(known.toCodePoint(offset + match.index)) },
        hChildren: [{ type: "text", value: String(number) }],
      },
    });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push(...words(text.slice(from), offset + from, known.flags));
  return pieces;
}

/** Text without markers; what was flagged in it is set apart. */
function words(text: string, offset: number, flags: readonly Flag[]): PhrasingContent[] {
  const pieces: PhrasingContent[] = [];
  let from = 0;
  for (const flag of flags) {
    const start = Math.max(from, flag.start - offset);
    const end = Math.min(text.length, flag.end - offset);
    if (start >= end) continue;
    pieces.push(...lines(text.slice(from, start)), flagged(text.slice(start, end), flag));
    from = end;
  }
  return [...pieces, ...lines(text.slice(from))];
}

function flagged(value: string, flag: Flag): PhrasingContent {
  return {
    type: "emphasis",
    children: [{ type: "text", value }],
    data: { hName: "span", hProperties: { dataFlag: flag.kind, dataWithheld: String(flag.is_withheld ?? false) } },
  };
}

/** A line's end in an answer is meant: quoted sentences stand one a line. */
function lines(text: string): PhrasingContent[] {
  return text
    .split(/\r?\n/)
    .flatMap((line, index): PhrasingContent[] => [
      ...(index > 0 ? [{ type: "break" } as const] : []),
      ...(line ? [{ type: "text", value: line } as const] : []),
    ]);
}

function doubtful(children: PhrasingContent[], sentence: MarkedSentence): PhrasingContent {
  return {
    type: "emphasis",
    children,
    data: { hName: "span", hProperties: { dataSupport: sentence.support, dataReason: sentence.reason, dataStruck: String(sentence.isStruck ?? false) } },
  };
}

/** What may remain after sanitising: GitHub's list without links and images, with our own marks. */
export const ANSWER_SCHEMA = {
  tagNames: [
    "p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "input",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "table", "thead", "tbody", "tr", "th", "td", "span",
  ],
  attributes: {
    span: ["dataCitation", "dataPosition", ["dataSupport", "unsupported", "partly", "uncited"], "dataReason", "dataStruck", "dataFlag", "dataWithheld"],
    code: [["className", /^language-[\w-]+$/]],
    th: [["align", "left", "center", "right"]],
    td: [["align", "left", "center", "right"]],
    ol: ["start"],
    input: [["type", "checkbox"], ["disabled", true], "checked"],
  },
  required: { input: { type: "checkbox", disabled: true } },
  protocols: {},
  strip: ["script", "style"],
};
