import { Center, Loader, MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { MutationCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, type ReactNode } from "react";
import { BrowserRouter, Navigate, Route, Routes } from "react-router";

import { ApiError } from "@/api/errors";
import { InvitationPage } from "@/features/invitations/InvitationPage";
import { SignInPage } from "@/features/session/SignInPage";
import { UserContext, useSession } from "@/features/session/session";

import { ErrorBoundary } from "./ErrorBoundary";
import { notifyError } from "./notify";
import { cssVariables, theme } from "./theme";
import { Unreachable } from "./Unreachable";

const Workspace = lazy(() => import("@/features/shell/Workspace"));

const queryClient = new QueryClient({
  mutationCache: new MutationCache({
    onError: (error, _variables, _context, mutation) => {
      // A form that shows its own error says so; everything else is told in a corner.
      if (!mutation.meta?.showsOwnError) notifyError(error);
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <Notifications position="top-center" limit={3} />
      <ErrorBoundary>
        <QueryClientProvider client={queryClient}>
          <BrowserRouter>
            <SignedInOrNot>
              <Suspense fallback={<Waiting />}>
                <Routes>
                  <Route path="/invitation" element={<InvitationPage />} />
                  <Route path="/*" element={<Workspace />} />
                </Routes>
              </Suspense>
            </SignedInOrNot>
          </BrowserRouter>
        </QueryClientProvider>
      </ErrorBoundary>
    </MantineProvider>
  );
}

function SignedInOrNot({ children }: { children: ReactNode }) {
  const { data: user, isPending, error, refetch } = useSession();
  if (isPending) return <Waiting />;
  if (error && !user) return <Unreachable retry={() => void refetch()} />;
  if (!user) {
    return (
      <Routes>
        <Route path="/sign-in" element={<SignInPage />} />
        <Route path="/invitation" element={<InvitationPage />} />
        <Route path="*" element={<Navigate to="/sign-in" state={{ from: window.location.pathname + window.location.search }} replace />} />
      </Routes>
    );
  }
  return <UserContext value={user}>{children}</UserContext>;
}

function Waiting() {
  return (
    <Center h="100dvh">
      <Loader size="sm" type="dots" color="gray" />
    </Center>
  );
}
