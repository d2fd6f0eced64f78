import { Alert, Button, Center, Loader, SegmentedControl, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { IconSearch } from "@/app/icons";
import type { Chunk, KbDocument } from "@/api/types";
import { useCanEdit } from "@/features/session/session";
import { useSourceTarget, type SourceTarget } from "@/features/source/target";
import { describeError } from "@/i18n/errors";

import { PassageCard } from "./PassageCard";
import { usePassages, type Which } from "./passages";
import classes from "./PassagesView.module.css";
import { UnusedEdits } from "./UnusedEdits";

const SEARCH_AFTER_MS = 250;
const NEXT_PAGE_PX = 800;

type Props = { target: SourceTarget; document: KbDocument };

/** How a document was cut into passages: what can be found of it, to be mended or switched off where it is wrong. */
export default function PassagesView({ target, document }: Props) {
  const { t } = useTranslation();
  const mayEdit = useCanEdit();
  const { open } = useSourceTarget();
  const [which, setWhich] = useState<Which>("all");
  const [wanted, setWanted] = useState("");
  const [query] = useDebouncedValue(wanted.trim(), SEARCH_AFTER_MS);
  const versionId = target.versionId ?? document.version_id;
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = usePassages(target.documentId, versionId, which, query);
  const scroller = useRef<HTMLDivElement>(null);
  const marked = target.range?.start ?? null;
  const isHere = data !== undefined;
  useEffect(() => {
    // Back from the original: to the passage that was looked at there.
    if (isHere && marked !== null) scroller.current?.querySelector("[data-marked]")?.scrollIntoView({ block: "center" });
  }, [isHere, marked]);

  const first = data?.pages[0];
  if (error && !first) {
    return (
      <Alert m="md" color="gray" variant="light">
        {describeError(error)}
      </Alert>
    );
  }
  if (!first) {
    return (
      <Center flex={1}>
        <Loader size="sm" type="dots" color="gray" />
      </Center>
    );
  }
  const chunks = data.pages.flatMap((page) => page.chunks);
  const canEdit = first.is_current && mayEdit;
  const show = (chunk: Chunk) =>
    open(
      { documentId: target.documentId, versionId, range: { start: chunk.start, end: chunk.end }, number: null },
      chunk.edited_text === null ? undefined : { by: chunk.edited_by, at: chunk.edited_at ?? "", words: "", text: chunk.edited_text },
    );
  const onScroll = () => {
    const element = scroller.current;
    const isNear = element && element.scrollHeight - element.scrollTop - element.clientHeight < NEXT_PAGE_PX;
    if (isNear && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  };

  return (
    <>
      <div className={classes.tools}>
        <TextInput
          size="xs"
          flex="1 1 150px"
          data-testid="passage-search"
          aria-label={t("passages.search")}
          placeholder={t("passages.search")}
          leftSection={<IconSearch size={13} />}
          maxLength={200}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
        <SegmentedControl
          size="xs"
          aria-label={t("passages.which")}
          value={which}
          onChange={(value) => setWhich(value)}
          data={[
            { value: "all", label: t("passages.all", { number: first.chunk_count }) },
            { value: "edited", label: t("passages.editedCount", { number: first.edited_count }) },
            { value: "off", label: t("passages.offCount", { number: first.off_count }) },
          ]}
        />
      </div>
      <div ref={scroller} className={classes.scroller} onScroll={onScroll} role="region" aria-label={t("passages.title")} tabIndex={0}>
        {first.unused_edits.length > 0 && <UnusedEdits documentId={target.documentId} edits={first.unused_edits} canEdit={canEdit} />}
        {first.chunk_count === 0 && (
          <Text p="md" fz="sm" c="dimmed">
            {t(first.is_current ? "source.notReadYet" : "passages.notKept")}
          </Text>
        )}
        {first.chunk_count > 0 && chunks.length === 0 && (
          <Text p="md" fz="sm" c="dimmed">
            {t("passages.nothing")}
          </Text>
        )}
        <ul className={classes.list}>
          {chunks.map((chunk) => (
            <PassageCard key={chunk.id} documentId={target.documentId} chunk={chunk} canEdit={canEdit} isMarked={chunk.start === marked} onShow={show} />
          ))}
        </ul>
        {hasNextPage && (
          <Center pb="lg">
            <Button size="compact-sm" variant="subtle" color="gray" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              {t("passages.more")}
            </Button>
          </Center>
        )}
      </div>
    </>
  );
}
