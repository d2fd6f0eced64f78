import { notifications } from "@mantine/notifications";

import { ApiError } from "@/api/errors";
import { describeError } from "@/i18n/errors";

export function notifyError(error: unknown): void {
  // A session that ended shows the sign-in page, which says enough.
  if (error instanceof ApiError && error.status === 401) return;
  notifications.show({ color: "red", message: describeError(error), withBorder: true });
}
