import { Button, Center, Code, Stack, Text, Title } from "@mantine/core";
import i18next from "i18next";
import { Component, type ReactNode } from "react";

type State = { error: Error | null };

/** A mistake of this page never leaves the reader before an empty one. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <Center h="100dvh" p="lg">
        <Stack align="center" gap="sm" maw={460} ta="center">
          <Title order={1} fz="lg">
            {i18next.t("broken.title")}
          </Title>
          <Text c="dimmed" fz="sm">
            {i18next.t("broken.text")}
          </Text>
          <Code fz="xs">{error.message}</Code>
          <Button variant="default" onClick={() => window.location.assign("/")}>
            {i18next.t("broken.reload")}
          </Button>
        </Stack>
      </Center>
    );
  }
}
