import "@mantine/core/styles.css";
import "../app/global.css";

import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { MemoryRouter } from "react-router";

import { cssVariables, theme } from "../app/theme";
import { startI18n } from "../i18n";

import { WidgetPage } from "./WidgetPage";

await startI18n();
const id = window.location.pathname.split("/").at(-1) ?? "";
const token = decodeURIComponent(window.location.hash.slice(1));
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: 1 } } })}>
        {/* Which source is open lives in an address that only this page knows. */}
        <MemoryRouter>
          <WidgetPage id={id} token={token} />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
