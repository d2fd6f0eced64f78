import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

import { dayBefore } from "./days";

export type Of = "me" | "department" | "all";
export type GroupBy = "day" | "user" | "api_key" | "department" | "model";

/** Sums of the last `days` days. */
export function useUsage(of: Of, groupBy: readonly GroupBy[], days: number) {
  return useQuery({
    queryKey: ["usage", of, groupBy, days],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/usage", { params: { query: { of, group_by: [...groupBy], since: dayBefore(days - 1) } }, signal })),
  });
}

export function csvAddress(of: Of, days: number): string {
  return `/api/v1/usage/csv?of=${of}&since=${dayBefore(days - 1)}`;
}
