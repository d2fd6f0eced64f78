import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect } from "react";

import { api, onSignedOut, unwrap } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { Acceptance, User } from "@/api/types";

const ME = ["me"] as const;

/** The signed-in user; null when nobody is. */
export function useSession() {
  const queries = useQueryClient();
  useEffect(() => onSignedOut(() => forgetUser(queries)), [queries]);
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

/** Nothing of a person may stay in the page for the next. */
function forgetUser(queries: QueryClient): void {
  queries.setQueryData<User | null>(ME, null);
  queries.removeQueries({ predicate: (query) => query.queryKey[0] !== ME[0] });
}

export const UserContext = createContext<User | null>(null);

/** The signed-in user, where the page is shown only to one. */
export function useUser(): User {
  const user = useContext(UserContext);
  if (!user) throw new Error("useUser outside of the signed-in part");
  return user;
}

/** Whether the signed-in user may change documents; the server has the last word. */
export function useCanEdit(): boolean {
  return useUser().role !== "reader";
}

export function useSignIn() {
  const queries = useQueryClient();
  return useMutation({
    meta: { showsOwnError: true },
    mutationFn: (body: { email: string; password: string }) => unwrap(api.POST("/api/v1/sessions", { body })),
    onSuccess: (session) => queries.setQueryData<User | null>(ME, session.user),
  });
}

export function useSignInMethods() {
  return useQuery({
    queryKey: ["sign-in-methods"],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/sessions/methods", { signal })),
    staleTime: Infinity,
  });
}

export function useAcceptInvitation() {
  const queries = useQueryClient();
  return useMutation({
    meta: { showsOwnError: true },
    mutationFn: (body: Acceptance) => unwrap(api.POST("/api/v1/invitations/accept", { body })),
    onSuccess: (session) => {
      forgetUser(queries);
      queries.setQueryData<User | null>(ME, session.user);
    },
  });
}

export function useSignOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/sessions/current")),
    onSettled: () => forgetUser(queries),
  });
}

export function useSystem() {
  return useQuery({
    queryKey: ["system"],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/system", { signal })),
    staleTime: 60_000,
  });
}
