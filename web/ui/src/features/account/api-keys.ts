import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { ApiKeyRequest } from "@/api/types";

const API_KEYS = ["api-keys"] as const;

export function useApiKeys(enabled: boolean) {
  return useQuery({
    queryKey: API_KEYS,
    enabled,
    queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/api-keys", { signal }))).api_keys,
  });
}

export function useCreateApiKey() {
  const queries = useQueryClient();
  return useMutation({
    meta: { showsOwnError: true },
    mutationFn: (body: ApiKeyRequest) => unwrap(api.POST("/api/v1/api-keys", { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: API_KEYS }),
  });
}

export function useRevokeApiKey() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.DELETE("/api/v1/api-keys/{api_key_id}", { params: { path: { api_key_id: id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: API_KEYS }),
  });
}

export function useChangePassword() {
  return useMutation({
    meta: { showsOwnError: true },
    mutationFn: (body: { current_password: string; new_password: string }) =>
      unwrap(api.PUT("/api/v1/users/me/password", { body })),
  });
}
