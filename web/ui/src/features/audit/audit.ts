import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

import { queryOf, type AuditFilter } from "./audit-filter";

const PAGE = 50;

/** Events, latest first, page by page; for administrators. */
export function useAuditEvents(filter: AuditFilter) {
  return useInfiniteQuery({
    queryKey: ["audit", filter],
    initialPageParam: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ signal, pageParam }) =>
      unwrap(api.GET("/api/v1/audit-events", { params: { query: { ...queryOf(filter), limit: PAGE, before: pageParam } }, signal })),
    getNextPageParam: (last) => (last.events.length < PAGE ? undefined : last.events.at(-1)?.number),
  });
}
