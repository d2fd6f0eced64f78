import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { api, onSignedOut, unwrap } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { User } from "@/api/types";

const ME = ["me"] as const;

/** The signed-in user; null when nobody is. */
export function useSession() {
  const queries = useQueryClient();
  useEffect(() => onSignedOut(() => queries.setQueryData<User | null>(ME, null)), [queries]);
  return useQuery<User | null>({
    queryKey: ME,
    queryFn: async ({ signal }) => {
      try {
        return await unwrap(api.GET("/api/v1/users/me", { signal }));
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return null;
        throw error;
      }
    },
    staleTime: Infinity,
  });
}

/** The signed-in user, where the page is shown only to one. */
export function useUser(): User {
  const { data } = useSession();
  if (!data) throw new Error("useUser outside of the signed-in part");
  return data;
}

export function useSignIn() {
  const queries = useQueryClient();
  return useMutation({
    meta: { showsOwnError: true },
    mutationFn: (body: { email: string; password: string }) => unwrap(api.POST("/api/v1/sessions", { body })),
    onSuccess: (session) => queries.setQueryData<User | null>(ME, session.user),
  });
}

export function useSignOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/sessions/current")),
    onSettled: () => {
      // Nothing of this person may stay in the page for the next.
      queries.clear();
      queries.setQueryData<User | null>(ME, null);
    },
  });
}

export function useSystem() {
  return useQuery({
    queryKey: ["system"],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/system", { signal })),
    staleTime: 60_000,
  });
}
