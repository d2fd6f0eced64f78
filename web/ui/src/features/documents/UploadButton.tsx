import { Button, Menu } from "@mantine/core";
import { useRef, type ChangeEvent } from "react";
import { useTranslation } from "react-i18next";

import { IconFile, IconFolder, IconUpload } from "@/app/icons";
import { useSystem } from "@/features/session/session";

import { useUploads } from "./uploads";

type Props = { knowledgeBaseId: string; fullWidth?: boolean; "data-testid"?: string };

/** Files or a folder, chosen from the machine; a folder's own folders are kept. */
export function UploadButton({ knowledgeBaseId, fullWidth, "data-testid": testId }: Props) {
  const { t } = useTranslation();
  const { data: system } = useSystem();
  const uploads = useUploads();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const onChange = (event: ChangeEvent<HTMLInputElement>) => {
    const chosen = [...(event.currentTarget.files ?? [])].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
    event.currentTarget.value = "";
    void uploads.start(knowledgeBaseId, chosen);
  };
  return (
    <>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        data-testid={testId}
        aria-label={t("documents.uploadFiles")}
        accept={system?.formats.join(",")}
        onChange={onChange}
      />
      <input ref={folder} type="file" hidden webkitdirectory="" aria-label={t("documents.uploadFolder")} onChange={onChange} />
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="default" size="xs" fullWidth={fullWidth} leftSection={<IconUpload size={14} stroke={1.7} />}>
            {t("documents.upload")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconFile size={15} />} onClick={() => files.current?.click()}>
            {t("documents.uploadFiles")}
          </Menu.Item>
          <Menu.Item leftSection={<IconFolder size={15} />} onClick={() => folder.current?.click()}>
            {t("documents.uploadFolder")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
