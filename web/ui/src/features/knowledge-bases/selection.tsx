import { createContext, useContext, useMemo, type ReactNode } from "react";

import { useKept } from "@/app/kept";

import { useKnowledgeBases } from "./knowledge-bases";

/** Which knowledge bases are asked (ticked), and which one's documents are open in the list. */
type Selection = {
  /** Whether it is known which there are; until then `asked` may lack some or name some that are gone. */
  isKnown: boolean;
  asked: readonly string[];
  setAsked: (ids: readonly string[]) => void;
  toggleAsked: (id: string) => void;
  openId: string | null;
  setOpenId: (id: string | null) => void;
};

const SelectionContext = createContext<Selection | null>(null);

export function SelectionProvider({ children }: { children: ReactNode }) {
  const [kept, setAsked] = useKept<readonly string[] | null>("asked", null);
  const [keptOpen, setOpenId] = useKept<string | null>("open", null);
  const { data } = useKnowledgeBases();
  const value = useMemo<Selection>(() => {
    // What is kept may have been deleted since, elsewhere.
    const there = data ? new Set(data.map((base) => base.id)) : null;
    // Who has not chosen asks all.
    const chosen = kept ?? data?.map((base) => base.id) ?? [];
    const asked = there ? chosen.filter((id) => there.has(id)) : chosen;
    return {
      isKnown: there !== null,
      asked,
      setAsked,
      toggleAsked: (id) => setAsked(asked.includes(id) ? asked.filter((other) => other !== id) : [...asked, id]),
      openId: keptOpen && there && !there.has(keptOpen) ? null : keptOpen,
      setOpenId,
    };
  }, [data, kept, keptOpen, setAsked, setOpenId]);
  return <SelectionContext value={value}>{children}</SelectionContext>;
}

export function useSelection(): Selection {
  const selection = useContext(SelectionContext);
  if (!selection) throw new Error("useSelection outside of SelectionProvider");
  return selection;
}
