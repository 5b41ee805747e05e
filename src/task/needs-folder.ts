import type { TaskType } from './task.js';

/** Work on files, whatever the words. */
const onFiles: readonly TaskType[] = ['code', 'test', 'review'];

/** Words for what lies in a folder, and for the folder itself. */
const filesAndFolders =
  /\b(files?|folders?|director(?:y|ies)|logs?|repo(?:sitory)?|codebase|source code|project|workspace|here|datei(?:en)?|ordner|verzeichnis|projekt|quelltext|hier|fichiers?|dossier|projet|ici|archivos?|carpeta|proyecto|aquí)\b/iu;

/** Something like the name of a file: `notes.txt`, `src/app`, but not `e.g.` or an address. */
const fileName =
  /(?:^|[\s"'`(])(?!https?:|e\.g|i\.e|z\.b)(?:[\w-]+\/[\w./-]+|[\w-]+\.[a-z]\w{0,9})(?=$|[\s"'`),;:!?]|\.(?:\s|$))/iu;

/**
 * Whether a request needs the files of the folder in which it was asked, by its type and wording: work on code does, and a
 * question that speaks of files; "what is the capital of France?" does not. Pure.
 */
export function needsFolder(type: TaskType, description: string): boolean {
  return onFiles.includes(type) || filesAndFolders.test(description) || fileName.test(description);
}
