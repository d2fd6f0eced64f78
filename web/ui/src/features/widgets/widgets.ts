import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { WidgetRequest } from "@/api/types";

const widgetsKey = (baseId: string) => ["widgets", baseId] as const;

export function useWidgets(baseId: string) {
  return useQuery({
    queryKey: widgetsKey(baseId),
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/api/v1/knowledge-bases/{knowledge_base_id}/widgets", { params: { path: { knowledge_base_id: baseId } }, signal }))).widgets,
  });
}

export function useCreateWidget(baseId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: WidgetRequest) =>
      unwrap(api.POST("/api/v1/knowledge-bases/{knowledge_base_id}/widgets", { params: { path: { knowledge_base_id: baseId } }, body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: widgetsKey(baseId) }),
  });
}

export function useChangeWidgetSites(baseId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, sites }: { id: string; sites: string[] }) =>
      unwrap(
        api.PATCH("/api/v1/knowledge-bases/{knowledge_base_id}/widgets/{widget_id}", {
          params: { path: { knowledge_base_id: baseId, widget_id: id } },
          body: { allowed_origins: sites },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: widgetsKey(baseId) }),
  });
}

export function useRevokeWidget(baseId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE("/api/v1/knowledge-bases/{knowledge_base_id}/widgets/{widget_id}", { params: { path: { knowledge_base_id: baseId, widget_id: id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: widgetsKey(baseId) }),
  });
}

/** The sites that somebody wrote, one a line or with commas. */
export function sitesOf(text: string): string[] {
  return text.split(/[\s,，]+/).filter(Boolean);
}

/** What goes into the other site's page. */
export function widgetTag(widget: { id: string; needs_token: boolean }): string {
  const token = widget.needs_token ? ' data-token="…"' : "";
  return `<script src="${window.location.origin}/widget.js" data-widget="${widget.id}"${token} async></script>`;
}
