import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

const MODEL_ENDPOINTS = ["model-endpoints"] as const;

export function useModelEndpoints(enabled: boolean) {
  return useQuery({
    queryKey: MODEL_ENDPOINTS,
    enabled,
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/model-endpoints", { signal })),
  });
}

export type Connection = { base_url: string; api_key: string; model: string };

export function useConnectModel() {
  const queries = useQueryClient();
  return useMutation({
    meta: { showsOwnError: true },
    mutationFn: (body: Connection) => unwrap(api.POST("/api/v1/model-endpoints", { body: { ...body, name: "" } })),
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
