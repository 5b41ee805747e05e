import { findImages, type NamedImage } from './named-images.js';

/*
 * Whether a request that names an image is about what can be seen in it. "What is in photo.png?" is; "write code that
 * resizes photo.png" and "why does app.py not load logo.png?" are about code, to which an image is a file like any other.
 */

/** Up to three words that may stand between a verb and the name of the image. */
const filler =
  "(?:(?:(?:the|my|this|that|our|an?|all|both|image|picture|photo|file|called|named|ich|man|mir|die|das|der|datei|bild|foto|le|la|les|mon|ma|l'image|fichier|el|mi|imagen|archivo|je|on)\\s+|[\"'`“„«(]){0,4})";

/** What is done to files, not to what they show. */
const handles = [
  'resiz(?:e|es|ing)|crop(?:s|ping)?|convert(?:s|ing)?|compress(?:es|ing)?|renam(?:e|es|ing)|delet(?:e|es|ing)|remov(?:e|es|ing)',
  'mov(?:e|es|ing)|cop(?:y|ies|ying)|replac(?:e|es|ing)|optimi[sz](?:e|es|ing)|rotat(?:e|es|ing)|flip(?:s|ping)?|embed(?:s|ding)?',
  'insert(?:s|ing)?|add(?:s|ing)?|upload(?:s|ing)?|download(?:s|ing)?|sav(?:e|es|ing)|writ(?:e|es|ing)|creat(?:e|es|ing)|generat(?:e|es|ing)',
  'render(?:s|ing)?|produc(?:e|es|ing)|export(?:s|ing)?|import(?:s|ing)?|includ(?:e|es|ing)|shrink(?:s|ing)?|scal(?:e|es|ing)|minif(?:y|ies)',
  'encod(?:e|es|ing)|decod(?:e|es|ing)|serv(?:e|es|ing)|cach(?:e|es|ing)|plot(?:s|ting)? to|draw(?:s|ing)? to|referenc(?:e|es|ing)',
  'lösche?n?|entfernen?|verkleiner(?:e|n)|vergrößer(?:e|n)|skaliere?n?|konvertiere?n?|komprimiere?n?|verschiebe?n?|kopiere?n?|ersetze?n?|drehe?n?|speichere?|benenne',
  'supprimer?|redimensionne[rz]?|convertis|compresse[rz]?|renomme[rz]?|déplace[rz]?|copie[rz]?|remplace[rz]?|ajoute[rz]?',
  'elimina|borra|redimensiona|convierte|comprime|renombra|mueve|reemplaza|añade',
].join('|');
/** Of a program: "the script that reads photo.png". */
const ofProgram =
  'reads|loads|uses|opens|shows|displays|draws|imports|processes|parses|handles|plots|needs|fetches|sends|returns';
/** Of a program too, where one is spoken of before: "why does app.py not load logo.png". */
const bareOfProgram = 'read|load|use|open|show|display|draw|process|parse|handle|plot|need|find|fetch|send|return';
const program =
  /\b(?:scripts?|programs?|functions?|code|components?|class|module|app|page|site|website|server|endpoint|css|html)\b|[\w-]\.(?:py|[cm]?[jt]sx?|html?|css|go|rs|java|rb|php|sh|vue|svelte|c|cpp)\b/i;

const handledBefore = new RegExp(`(?<![\\p{L}])(?:${handles}|${ofProgram})\\s+${filler}$`, 'iu');
const programBefore = new RegExp(`(?<![\\p{L}])(?:${bareOfProgram})\\s+${filler}$`, 'iu');
/** "Save the chart to plot.png": what is to be made, not looked at. */
const target = new RegExp(
  `(?<![\\p{L}])(?:sav|writ|export|stor|plot|draw|convert|render|output|speicher|schreib|enregistr|guard)\\p{L}*\\s.*\\s(?:to|into|as|als|nach|dans|en|como)\\s+${filler}$`,
  'iu',
);
/** "Use logo.png as the favicon". */
const placedAfter =
  /^["'`”“»)]?\s+(?:as|als|comme|como)\s+(?:(?:the|an?|our|my|new|das|die|der|le|la|el)\s+){0,2}(?:fav)?(?:icon|logo|banner|background|avatar|cover|header|thumbnail|hero|hintergrund|titelbild)\b/i;
/** "Why is logo.png not shown", "where is logo.png used". */
const handledAfter =
  /^["'`”“»)]?\s+(?:(?:is|are|being|was|were|not|never|no longer|still|does|do|don't|doesn't|isn't|aren't|won't|get|gets|actually|even)\s+){0,4}(?:shown|show up|showing|load(?:ed|ing)?|displayed|found|appear(?:s|ing)?|rendered|rendering|missing|used|referenced|imported|included|stored|generated|created|saved|cached|served)\b/i;

const howTo =
  /^\W*(?:(?:please|hi|hey|hello|ok|so)\W+)*(?:(?:can|could) you (?:tell|explain to|show) me |tell me |explain (?:to me )?|show me |what is the (?:best|easiest) way to |wie (?:kann|könnte|soll(?:te)?) (?:ich|man) |comment (?:puis-je|peut-on|faire pour) |cómo puedo )?how (?:do|does|can|could|would|should|might|to)\b|^\W*(?:wie (?:kann|könnte|soll(?:te)?) (?:ich|man)|comment (?:puis-je|peut-on|faire)|cómo (?:puedo|se puede)|what is the (?:best|easiest) way to)(?![\p{L}])/iu;

/** Characters around a name that are looked at. */
const nearby = 120;

/**
 * The images that a request wants to have looked at, each once, in its order: those it names, without those that are
 * only handled by code or are to be made, and none in a question how something is done.
 */
export function imagesInQuestion(request: string): string[] {
  const images = findImages(request);
  if (images.length === 0 || howTo.test(request.slice(0, 200))) return [];
  return [...new Set(images.filter((image) => !isHandled(request, image)).map(({ path }) => path))];
}

function isHandled(request: string, { start, end }: NamedImage): boolean {
  const before = sentenceEnd(request.slice(Math.max(0, start - nearby), start));
  if (handledBefore.test(before) || target.test(before)) return true;
  const after = request.slice(end, end + nearby);
  if (handledAfter.test(after) || placedAfter.test(after)) return true;
  return program.test(before) && programBefore.test(before);
}

/** What of the text belongs to the sentence that goes on after it. */
function sentenceEnd(text: string): string {
  return text.split(/[.!?](?:\s+)|\n/).at(-1) ?? text;
}
