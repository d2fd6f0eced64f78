import { keepPreviousData, useMutation, useQuery, useQueryClient, type QueryKey } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { DepartmentChange, PersonChange, PersonRequest, UserGroup } from "@/api/types";

const PEOPLE = ["people"] as const;
const DEPARTMENTS = ["departments"] as const;
const GROUPS = ["groups"] as const;
export const PAGE = 50;

export function usePeople(query: string, departmentId: string | null, page: number) {
  return useQuery({
    queryKey: [...PEOPLE, query, departmentId, page],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/users", {
          params: { query: { query, department_id: departmentId ?? undefined, limit: PAGE, offset: page * PAGE } },
          signal,
        }),
      ),
  });
}

export function useDepartments(enabled = true) {
  return useQuery({
    queryKey: DEPARTMENTS,
    enabled,
    queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/departments", { signal }))).departments,
  });
}

export function useGroups(enabled = true) {
  return useQuery({ queryKey: GROUPS, enabled, queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/groups", { signal }))).groups });
}

/** A change after which these are asked for again; a form shows its error itself where it says so. */
function useChange<Body, Made>(change: (body: Body) => Promise<Made>, touched: readonly QueryKey[], showsOwnError = false) {
  const queries = useQueryClient();
  return useMutation({
    meta: { showsOwnError },
    mutationFn: change,
    onSuccess: () => Promise.all(touched.map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
}

export function useAddPerson() {
  return useChange((body: PersonRequest) => unwrap(api.POST("/api/v1/users", { body })), [PEOPLE, DEPARTMENTS], true);
}

export function useChangePerson() {
  return useChange(
    ({ id, change }: { id: string; change: PersonChange }) => unwrap(api.PATCH("/api/v1/users/{user_id}", { params: { path: { user_id: id } }, body: change })),
    [PEOPLE, DEPARTMENTS],
  );
}

export function useAddDepartment() {
  return useChange((body: { name: string; parent_id: string | null }) => unwrap(api.POST("/api/v1/departments", { body })), [DEPARTMENTS], true);
}

export function useChangeDepartment() {
  return useChange(
    ({ id, change }: { id: string; change: DepartmentChange }) =>
      unwrap(api.PATCH("/api/v1/departments/{department_id}", { params: { path: { department_id: id } }, body: change })),
    [DEPARTMENTS],
    true,
  );
}

export function useDeleteDepartment() {
  return useChange((id: string) => unwrap(api.DELETE("/api/v1/departments/{department_id}", { params: { path: { department_id: id } } })), [DEPARTMENTS]);
}

export function useSaveGroup() {
  return useChange(
    ({ group, name, department_id, member_ids }: { group: UserGroup | null; name: string; department_id: string | null; member_ids: string[] }) =>
      group
        ? unwrap(api.PATCH("/api/v1/groups/{group_id}", { params: { path: { group_id: group.id } }, body: { name, member_ids } }))
        : unwrap(api.POST("/api/v1/groups", { body: { name, department_id, member_ids } })),
    [GROUPS],
    true,
  );
}

export function useDeleteGroup() {
  return useChange((id: string) => unwrap(api.DELETE("/api/v1/groups/{group_id}", { params: { path: { group_id: id } } })), [GROUPS]);
}
