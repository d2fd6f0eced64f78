import { createContext, useContext } from "react";

import type { Citation, Source } from "@/api/types";

/** What a marker in the answer's text needs to know of the answer it stands in. */
export type AnswerContextValue = { sources: readonly Source[]; citations: readonly Citation[] };

export const AnswerContext = createContext<AnswerContextValue>({ sources: [], citations: [] });
export const useAnswer = () => useContext(AnswerContext);
