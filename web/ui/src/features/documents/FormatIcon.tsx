import type { Icon } from "@tabler/icons-react";

import {
  IconFile,
  IconFileSpreadsheet,
  IconFileText,
  IconFileTypeCsv,
  IconFileTypeDocx,
  IconFileTypeHtml,
  IconFileTypePdf,
  IconFileTypePpt,
  IconFileTypeTxt,
  IconPhoto,
} from "@/app/icons";

const BY_FORMAT: Record<string, Icon> = {
  pdf: IconFileTypePdf,
  docx: IconFileTypeDocx,
  pptx: IconFileTypePpt,
  xlsx: IconFileSpreadsheet,
  csv: IconFileTypeCsv,
  html: IconFileTypeHtml,
  markdown: IconFileText,
  text: IconFileTypeTxt,
  image: IconPhoto,
};
const BY_SUFFIX: Record<string, string> = { htm: "html", md: "markdown", txt: "text", png: "image", jpg: "image", jpeg: "image" };

type Props = { format: string; name: string; className?: string; size?: number };

export function FormatIcon({ format, name, className, size = 16 }: Props) {
  const suffix = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  const Found = BY_FORMAT[format || (BY_SUFFIX[suffix] ?? suffix)] ?? IconFile;
  return <Found size={size} stroke={1.5} className={className} aria-hidden />;
}
