import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { ModelEndpointChange } from "@/api/types";
import { useKept } from "@/app/kept";
import { useSystem } from "@/features/session/session";

const MODEL_ENDPOINTS = ["model-endpoints"] as const;
const HEALTH_POLL_MS = 5000;

/** The model that this person asks; empty: the default. One that is not there any more counts as not chosen. */
export function useChosenModel(): { model: string; chooseModel: (name: string) => void } {
  const [kept, chooseModel] = useKept("model", "");
  const { data: system } = useSystem();
  return { model: system?.models.includes(kept) ? kept : "", chooseModel };
}

export function useModelEndpoints(enabled: boolean) {
  return useQuery({
    queryKey: MODEL_ENDPOINTS,
    enabled,
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/model-endpoints", { signal })),
    // Health and load move by themselves.
    refetchInterval: HEALTH_POLL_MS,
  });
}

/** Limits and prices are set afterwards, on the endpoint's card. */
const USUAL = { priority: 0, concurrency: 0, price_cache_hit: 0, price_cache_miss: 0, price_output: 0 };

export type Connection = { base_url: string; api_key: string; model: string; name: string };

export function useConnectModel() {
  const queries = useQueryClient();
  return useMutation({
    meta: { showsOwnError: true },
    mutationFn: (body: Connection) => unwrap(api.POST("/api/v1/model-endpoints", { body: { ...USUAL, ...body } })),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: MODEL_ENDPOINTS }),
        queries.invalidateQueries({ queryKey: ["system"] }),
      ]),
  });
}

export function useDisconnectModel() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE("/api/v1/model-endpoints/{model_endpoint_id}", { params: { path: { model_endpoint_id: id } } })),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: MODEL_ENDPOINTS }),
        queries.invalidateQueries({ queryKey: ["system"] }),
      ]),
  });
}

export function useChangeModelEndpoint() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, change }: { id: string; change: ModelEndpointChange }) =>
      unwrap(api.PATCH("/api/v1/model-endpoints/{model_endpoint_id}", { params: { path: { model_endpoint_id: id } }, body: change })),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: MODEL_ENDPOINTS }),
        queries.invalidateQueries({ queryKey: ["system"] }),
      ]),
  });
}
