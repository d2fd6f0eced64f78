import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { WebSearchChange } from "@/api/types";

const WEB_SEARCH = ["web-search"] as const;

export function useWebSearch(enabled: boolean) {
  return useQuery({ queryKey: WEB_SEARCH, enabled, queryFn: ({ signal }) => unwrap(api.GET("/api/v1/web-search", { signal })) });
}

/** All departments by name, to choose from. */
export function useDepartmentChoices(enabled: boolean) {
  return useQuery({
    queryKey: ["departments", "choices"],
    enabled,
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/departments", { signal })),
    select: ({ departments }) => departments.map(({ id, name }) => ({ value: id, label: name })),
  });
}

export function useChangeWebSearch() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: WebSearchChange) => unwrap(api.PUT("/api/v1/web-search", { body })),
    onSuccess: (changed) => {
      queries.setQueryData(WEB_SEARCH, changed);
      return queries.invalidateQueries({ queryKey: ["system"] });
    },
  });
}
