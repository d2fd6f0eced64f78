import { Button, Select, TextInput } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { IconSearch, IconX } from "@/app/icons";
import type { KbDocument } from "@/api/types";

import { choicesOf, NO_FILTER, type Filter, type SortBy, type StateFilter } from "./document-filter";
import classes from "./DocumentsPage.module.css";

const STATES: readonly StateFilter[] = ["all", "ready", "doubtful", "progress", "paused", "failed"];
const ORDERS: readonly SortBy[] = ["name", "added", "size"];

type Props = { documents: readonly KbDocument[]; filter: Filter; sortBy: SortBy; onFilter: (filter: Filter) => void; onSort: (by: SortBy) => void };

export function DocumentFilters({ documents, filter, sortBy, onFilter, onSort }: Props) {
  const { t, i18n } = useTranslation();
  const { folders, tags, formats } = useMemo(() => choicesOf(documents, i18n.language), [documents, i18n.language]);
  const isFiltered = JSON.stringify(filter) !== JSON.stringify(NO_FILTER);
  const shared = { size: "xs", w: 150, checkIconPosition: "right", comboboxProps: { width: "max-content" } } as const;
  return (
    <div className={classes.filters} role="search" aria-label={t("documents.filter")}>
      <TextInput
        size="xs"
        flex="1 1 180px"
        maw={320}
        data-testid="table-filter"
        aria-label={t("documents.filter")}
        placeholder={t("documents.filter")}
        leftSection={<IconSearch size={13} />}
        value={filter.text}
        onChange={(event) => onFilter({ ...filter, text: event.currentTarget.value })}
      />
      <Select
        {...shared}
        w={130}
        aria-label={t("documents.filterState")}
        data={STATES.map((state) => ({ value: state, label: t(`documents.filterStates.${state}`) }))}
        value={filter.state}
        allowDeselect={false}
        onChange={(state) => onFilter({ ...filter, state: (state ?? "all") })}
      />
      {folders.length > 0 && (
        <Select
          {...shared}
          aria-label={t("documents.folder")}
          placeholder={t("documents.allFolders")}
          data={folders}
          value={filter.folder || null}
          clearable
          searchable
          onChange={(folder) => onFilter({ ...filter, folder: folder ?? "" })}
        />
      )}
      {tags.length > 0 && (
        <Select {...shared} w={120} aria-label={t("documents.tags")} placeholder={t("documents.allTags")} data={tags} value={filter.tag || null} clearable searchable onChange={(tag) => onFilter({ ...filter, tag: tag ?? "" })} />
      )}
      {formats.length > 1 && (
        <Select
          {...shared}
          w={110}
          aria-label={t("documents.fact.format")}
          placeholder={t("documents.allFormats")}
          data={formats.map((format) => ({ value: format, label: format.toUpperCase() }))}
          value={filter.format || null}
          clearable
          onChange={(format) => onFilter({ ...filter, format: format ?? "" })}
        />
      )}
      <Select
        {...shared}
        w={120}
        aria-label={t("documents.order")}
        data={ORDERS.map((order) => ({ value: order, label: t(`documents.orders.${order}`) }))}
        value={sortBy}
        allowDeselect={false}
        onChange={(order) => onSort((order ?? "name"))}
      />
      {isFiltered && (
        <Button size="xs" variant="subtle" color="gray" leftSection={<IconX size={13} />} onClick={() => onFilter(NO_FILTER)}>
          {t("documents.noFilter")}
        </Button>
      )}
    </div>
  );
}
