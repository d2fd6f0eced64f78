import { useLocalStorage } from "@mantine/hooks";

/** A value kept in this browser, read before the first paint. */
export function useKept<T>(key: string, initial: T) {
  return useLocalStorage<T>({ key: `kb.${key}`, defaultValue: initial, getInitialValueInEffect: false });
}
