import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { InvitationRequest } from "@/api/types";

const INVITATIONS = ["invitations"] as const;

export function useInvitations(enabled: boolean) {
  return useQuery({
    queryKey: INVITATIONS,
    enabled,
    queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/invitations", { signal }))).invitations,
  });
}

/** The departments that one may invite into, under the name of their whole path. */
export function useInvitingDepartments(enabled: boolean) {
  return useQuery({
    queryKey: ["departments", "paths"],
    enabled,
    queryFn: async ({ signal }) => withPaths((await unwrap(api.GET("/api/v1/departments", { signal }))).departments),
  });
}

type Named = { id: string; name: string; parent_id: string | null };

export function withPaths(departments: readonly Named[]): { value: string; label: string }[] {
  const known = new Map(departments.map((one) => [one.id, one]));
  const path = (one: Named): string => {
    const above = one.parent_id === null ? undefined : known.get(one.parent_id);
    return above ? `${path(above)} / ${one.name}` : one.name;
  };
  return departments.map((one) => ({ value: one.id, label: path(one) })).sort((one, other) => one.label.localeCompare(other.label));
}

export function useInvite() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: InvitationRequest) => unwrap(api.POST("/api/v1/invitations", { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: INVITATIONS }),
  });
}

export function useWithdrawInvitation() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => unwrap(api.DELETE("/api/v1/invitations/{invitation_id}", { params: { path: { invitation_id: id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: INVITATIONS }),
  });
}

export function useInvitationLook(token: string) {
  return useQuery({
    queryKey: ["invitation", token],
    retry: false,
    queryFn: ({ signal }) => unwrap(api.POST("/api/v1/invitations/look", { body: { token }, signal })),
  });
}

/** The link's secret stands behind `#`: no server and no log on the way sees it. */
export function invitationLink(token: string): string {
  return `${window.location.origin}/invitation#${token}`;
}
