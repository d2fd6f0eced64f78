import { useTranslation } from "react-i18next";

import type { KbDocument } from "@/api/types";

import classes from "./DocumentsPage.module.css";

const STATUSES = ["text", "ocr", "empty", "failed"] as const;

/** What became of a ready document's pages, as one bar; in words where there is more to say than "all were read". */
export function CoverageBar({ document }: { document: KbDocument }) {
  const { t } = useTranslation();
  const counts = document.coverage_counts;
  const all = STATUSES.reduce((sum, status) => sum + counts[status], 0);
  if (all === 0) return <div className={classes.minor}>{t("documents.state.ready")}</div>;
  const words = STATUSES.filter((status) => counts[status] > 0)
    .map((status) => `${t(`documents.coverage.${status}`)} ${counts[status]}`)
    .join(" · ");
  const isPlain = counts.text === all;
  return (
    <div>
      <div className={classes.coverage} role="img" aria-label={words} title={words}>
        {STATUSES.map((status) => counts[status] > 0 && <span key={status} data-status={status} style={{ width: `${(100 * counts[status]) / all}%` }} />)}
      </div>
      <div className={classes.minor} style={{ marginTop: 2, fontSize: 11.5 }}>
        {isPlain ? t("documents.pages", { count: all }) : words}
      </div>
    </div>
  );
}
