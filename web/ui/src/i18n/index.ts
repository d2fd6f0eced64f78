import i18next from "i18next";
import LanguageDetector from "i18next-browser-languagedetector";
import { initReactI18next } from "react-i18next";

import en from "./en.json";
import zh from "./zh.json";

export const LANGUAGES = { en: "English", zh: "简体中文" } as const;
export type Language = keyof typeof LANGUAGES;

declare module "i18next" {
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- augmenting needs an interface
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

/** Choose the language: kept choice first, then the browser's. */
export async function startI18n(): Promise<void> {
  const setDocumentLanguage = (language: string) => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  };
  i18next.on("languageChanged", setDocumentLanguage);
  await i18next
    .use(LanguageDetector)
    .use(initReactI18next)
    .init({
      resources: { en: { translation: en }, zh: { translation: zh } },
      fallbackLng: "en",
      supportedLngs: Object.keys(LANGUAGES),
      nonExplicitSupportedLngs: true,
      load: "languageOnly",
      interpolation: { escapeValue: false },
      detection: { order: ["localStorage", "navigator"], lookupLocalStorage: "kb.language", caches: [] },
    });
}

export function chooseLanguage(language: Language): void {
  window.localStorage.setItem("kb.language", language);
  void i18next.changeLanguage(language);
}
