import { ActionIcon, AppShell, Burger, Group } from "@mantine/core";
import { useDisclosure, useHotkeys, useMediaQuery } from "@mantine/hooks";
import { lazy, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, Route, Routes, useLocation, useNavigate } from "react-router";

import { IconEdit } from "@/app/icons";
import { Brand } from "@/app/Brand";
import { useKept } from "@/app/kept";
import { ConversationPage } from "@/features/conversations/ConversationPage";
import { DropZone } from "@/features/documents/DropZone";
import { UploadTray } from "@/features/documents/UploadTray";
import { UploadsProvider } from "@/features/documents/uploads";
import { SelectionProvider } from "@/features/knowledge-bases/selection";
import { useSourceTarget } from "@/features/source/target";

import { ResizeHandle } from "./ResizeHandle";
import { Sidebar } from "./Sidebar";
import classes from "./Workspace.module.css";

const SourcePanel = lazy(() => import("@/features/source/SourcePanel"));
const WebPagePanel = lazy(() => import("@/features/source/WebPagePanel"));
const AuditPage = lazy(() => import("@/features/audit/AuditPage"));
const DocumentsPage = lazy(() => import("@/features/documents/DocumentsPage"));
const FeedbackPage = lazy(() => import("@/features/feedback/FeedbackPage"));
const HitTestingPage = lazy(() => import("@/features/hit-testing/HitTestingPage"));
const PeoplePage = lazy(() => import("@/features/people/PeoplePage"));
const UsagePage = lazy(() => import("@/features/usage/UsagePage"));

const SOURCE_WIDTH = { least: 380, usual: 560 };

export default function Workspace() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const { target, page, close } = useSourceTarget();
  const isOpen = target !== null || page !== null;
  const [navOpened, nav] = useDisclosure(false);
  const [sourceWidth, setSourceWidth] = useKept("source-width", SOURCE_WIDTH.usual);
  const isWide = useMediaQuery("(min-width: 75em)", true, { getInitialValueInEffect: false });
  const isBeside = useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
  const closeNav = nav.close;

  // On a phone the navigation covers the page: choosing something there uncovers it.
  useEffect(closeNav, [pathname, target, page, closeNav]);
  useHotkeys([["mod+shift+O", () => void navigate("/")]]);

  return (
    <SelectionProvider>
      <UploadsProvider>
        <DropZone>
          <AppShell
            layout="alt"
            header={{ height: { base: 52, md: 0 } }}
            navbar={{ width: 304, breakpoint: "md", collapsed: { mobile: !navOpened } }}
            aside={{ width: sourceWidth, breakpoint: "lg", collapsed: { mobile: !isOpen, desktop: !isOpen } }}
            transitionDuration={0}
            padding={0}
          >
            <AppShell.Header hiddenFrom="md" px="sm" className={classes.header}>
              <Group h="100%" justify="space-between" wrap="nowrap">
                <Burger opened={navOpened} onClick={nav.toggle} size="sm" aria-label={t("shell.navigation")} />
                <Brand />
                <ActionIcon aria-label={t("conversations.new")} size="lg" onClick={() => void navigate("/")}>
                  <IconEdit size={20} stroke={1.6} />
                </ActionIcon>
              </Group>
            </AppShell.Header>
            <AppShell.Navbar className={classes.navbar}>
              <Sidebar isBeside={isBeside} onClose={nav.close} />
            </AppShell.Navbar>
            <AppShell.Main className={classes.main}>
              <Suspense>
                <Routes>
                  <Route index element={<ConversationPage />} />
                  <Route path="c/:conversationId" element={<ConversationPage />} />
                  <Route path="documents/:knowledgeBaseId" element={<DocumentsPage />} />
                  <Route path="audit" element={<AuditPage />} />
                  <Route path="feedback" element={<FeedbackPage />} />
                  <Route path="hit-testing" element={<HitTestingPage />} />
                  <Route path="people" element={<PeoplePage />} />
                  <Route path="usage" element={<UsagePage />} />
                  <Route path="*" element={<Navigate to="/" replace />} />
                </Routes>
              </Suspense>
              {!isBeside && <UploadTray />}
            </AppShell.Main>
            <AppShell.Aside className={classes.aside}>
              {isOpen && (
                <>
                  {isWide && <ResizeHandle width={sourceWidth} least={SOURCE_WIDTH.least} onChange={setSourceWidth} />}
                  <Suspense>
                    {target ? <SourcePanel target={target} onClose={close} /> : page && <WebPagePanel key={page.url} page={page} onClose={close} />}
                  </Suspense>
                </>
              )}
            </AppShell.Aside>
          </AppShell>
        </DropZone>
      </UploadsProvider>
    </SelectionProvider>
  );
}
