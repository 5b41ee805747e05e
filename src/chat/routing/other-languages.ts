import type { TaskType } from '../../task/task.js';
import { analysisVerbs, leadingVerb, makingVerbs, openVerbs, researchVerbs, testVerbs } from './english.js';
import { stripCourtesies } from './phrase.js';

/** Orders and questions in languages other than English, by the words that such turns begin with or hold. */
interface Language {
  readonly kill: RegExp;
  readonly progress: RegExp;
  readonly models: RegExp;
  /** Words for asking only; they win over `make`. */
  readonly ask: RegExp;
  readonly test: RegExp;
  readonly review: RegExp;
  readonly research: RegExp;
  readonly analysis: RegExp;
  readonly make: RegExp;
  /** What is written without files: poems, jokes, letters. */
  readonly prose: RegExp;
}

const boundary = '(?:(?<=\\p{L})(?!\\p{L})|(?<!\\p{L})(?=\\p{L}))';

/** The word boundary of JavaScript knows ASCII letters only: without this, `\b` never stands before an `ü`. */
function unicode(pattern: RegExp, flags = 'u'): RegExp {
  return new RegExp(pattern.source.replaceAll('\\b', boundary), flags);
}

function language(patterns: Language): Language {
  const entries = Object.entries(patterns).map(([name, pattern]) => [name, unicode(pattern)]);
  return Object.fromEntries(entries) as Language;
}

const german = language({
  kill: /^(?:(?:bitte )?(?:stopp?e?|brich|breche|beende|abbrechen|abbruch|halte?)\b(?!wort)(?!.*\?)|.*\b(?:abbrechen|stoppen|beenden)[.!]?$)/,
  progress:
    /\b(?:wie weit (?:ist|bist|sind)|wie läuft|wie steht|schon fertig|fertig\?|fortschritt|was macht (?:der|die|das|task)|woran arbeitest|wie lange (?:noch|dauert es noch)|welche aufgaben|warum ist (?:die|der) (?:letzte )?(?:aufgabe|task))/,
  models:
    /\b(?:welche[sr]? (?:modelle?|sprachmodell)|wie ?viel (?:arbeits)?speicher|wie ?viel ram|modelle? (?:läuft|laufen|geladen))\b/,
  ask: /^(?:was|wer|wie|wo|wann|warum|wieso|weshalb|welche[rsnm]?|ist|sind|kann (?:ich|man|python)|soll(?:te)? ich|erkläre?|erklär mir|nenne?|sag|sage|erzähl|übersetze? ["'„]|was ist)\b/,
  test: /\b(?:tests? (?:für|zu|schreiben)|unit-?tests?|testabdeckung|teste[nst]?\b|testfälle)/,
  review: /\b(?:überprüfe?|prüfe?|begutachte|review|durchsehen|sieh dir|schau dir|schau (?:mal )?über)\b/,
  research:
    /\b(?:recherchiere?|finde heraus|vergleiche?|fasse? .*zusammen|zusammenfassen|such(?:e)? (?:mir )?(?:eine|nach))\b/,
  analysis: /\b(?:analysiere?|untersuche?|zähle?|werte .*aus|finde heraus,? warum|miss|messe)\b/,
  make: /^(?:(?:hallo|hey|hi|bitte|wilson|kannst du|könntest du|würdest du|mir|mal)[, ]*)*(?:schreibe?|baue?|erstelle?|erzeuge?|programmiere?|implementiere?|entwickle?|mach(?:e)?|füge?|ergänze?|behebe?|repariere?|korrigiere?|ändere?|refaktorier\w*|benenne?|lösche?|entferne?|ersetze?|portiere?|generiere?|richte?|optimiere?|aktualisiere?|ich (?:brauche|möchte|will) (?:ein|eine|einen) (?:programm|skript|app|funktion|webseite|website|seite|tool))\b|\b(?:kannst|könntest|würdest) du\b.*\b(?:schreiben|bauen|erstellen|programmieren|implementieren|hinzufügen|beheben|reparieren|machen|ändern)\b/,
  prose: /\b(?:gedicht|witz|geschichte|lied|brief|e-?mail|satz|reim|haiku)\b/,
});

const spanish = language({
  kill: /^(?:por favor )?(?:para|detén|deten|detente|cancela|aborta|termina|mata|interrumpe)(?:lo|la|los|las)?(?:$|[.!]|\s+(?:todo|todas?|todos|la|el|las|los|esa?|esto|task))/,
  progress:
    /(?:cómo va|como va|cómo van|ya (?:está|terminó|acabó|terminaste)|está listo|cuánto falta|qué está haciendo|progreso|estado de (?:la|las) tareas?|por qué falló|qué tareas)/,
  models: /(?:qué modelos?|que modelos?|cuánta memoria|cuánta ram|modelos? (?:cargados?|en uso))/,
  ask: /^¿?(?:qué|que es|quién|cómo|dónde|cuándo|por qué|cuál(?:es)?|cuánto[as]?|es|son|puedo|debo|explica(?:me)?|explícame|dime|cuéntame|recomiéndame|traduce ["'«])\b/,
  test: /(?:pruebas (?:unitarias|para|de)|tests? (?:para|de)|cobertura|^prueba\b)/,
  review: /(?:revisa|revísa|audita|échale un vistazo|dale un vistazo)/,
  research: /(?:investiga|averigua (?:qué|cuál)|compara|resume|resumen de|busca (?:una|un|la mejor))/,
  analysis: /(?:analiza|averigua por qué|cuenta (?:cuántas|cuántos|las|los)|examina|mide|diagnostica)/,
  make: /^(?:(?:hola|por favor|wilson|oye|puedes|podrías|me puedes)[, ]*)*(?:escrib[eai]\w*|escríbe\w*|cre[ae]\w*|créa\w*|haz(?:me)?|hace[r]?|construy\w+|añad\w+|agreg\w+|arregl\w+|corrig\w+|corrige|implement\w+|program\w+|desarroll\w+|refactoriz\w+|gener\w+|modific\w+|actualiz\w+|elimin\w+|borra|cambi\w+|convierte|renombr\w+|necesito un(?:a)? (?:programa|script|aplicación|función|página))(?![\p{L}])/u,
  prose: /(?:poema|chiste|cuento|historia|canción|carta|correo|frase)/,
});

const french = language({
  kill: /^(?:s'il te plaît )?(?:arrête|arrêtez|stoppe|annule|interromps|tue|termine)\b(?!.*\?)/,
  progress:
    /(?:où en (?:est|es|sommes)|c'est fini|est-ce (?:fini|prêt|terminé)|ça avance|avancement|combien de temps (?:encore|reste)|quelles? tâches?|que fait (?:task|l'agent)|pourquoi .*(?:tâche|task).*échoué)/,
  models: /(?:quels? modèles?|combien de (?:mémoire|ram)|modèles? (?:chargés?|utilisés?))/,
  ask: /^(?:qu'est-ce|que |qui|quoi|quand|où|pourquoi|comment|quel(?:le)?s?|combien|est-ce|peut-on|puis-je|explique|dis|raconte|traduis ["'«])/,
  test: /(?:tests? (?:unitaires?|pour|de)|couverture|^teste\b)/,
  review: /(?:vérifie|relis|examine le code|passe en revue|jette un (?:œil|oeil)|audite)/,
  research: /(?:recherche|compare|résume|trouve (?:une|un|la meilleure|quelle)|renseigne)/,
  analysis: /(?:analyse|trouve pourquoi|compte (?:les|le|combien)|mesure|diagnostique)/,
  make: /^(?:(?:salut|bonjour|wilson|s'il (?:te|vous) plaît|peux-tu|pourrais-tu|tu peux|pouvez-vous)[, ]*)*(?:(?:m'|me )?(?:écri[st]\w*|écrire|crée[rz]?|créer|fai[st]|faire|construi\w+|ajoute[rz]?|corrige[rz]?|répare[rz]?|implémente[rz]?|programme[rz]?|développe[rz]?|refactorise[rz]?|génère|générer|modifie[rz]?|supprime[rz]?|remplace[rz]?|renomme[rz]?|converti\w*|optimise[rz]?)|j'ai besoin d'un(?:e)? (?:programme|script|application|fonction|page))(?:-moi)?(?![\p{L}])/u,
  prose: /(?:poème|blague|histoire|chanson|lettre|e-?mail|phrase)/,
});

const italianPortuguese = language({
  kill: /^(?:ferma|fermati|annulla|interrompi|termina|cancela|pare|parar|encerre|interrompa)\b(?!.*\?)/,
  progress:
    /(?:come va|come procede|a che punto|è (?:finito|pronto|pronta)|hai finito|como está (?:indo|a tarefa)|já (?:terminou|acabou|está pronto)|quanto (?:manca|falta)|stato dell)/,
  models: /(?:quali modelli|quale modello|quanta memoria|quais modelos|qual modelo|quanta memória)/,
  ask: /^(?:cosa|che cos|chi|come si|dove|quando|perché|qual è|quanto|quanti|spiega(?:mi)?|dimmi|raccontami|o que|quem|onde|por que|qual é|explique|conte|me diga)\b/,
  test: /(?:test (?:unitari|per)|testes (?:unitários|para)|copertura|cobertura|^testa\b)/,
  review: /(?:rivedi|revisiona|controlla|revise|revisa|dai un'occhiata|dê uma olhada)/,
  research: /(?:ricerca|confronta|riassumi|trova (?:una|un|la migliore)|pesquise|compare|resuma|procure)/,
  analysis: /(?:analizza|scopri perché|conta (?:quante|quanti|le|i)|analise|descubra por que|conte quant)/,
  make: /^(?:(?:ciao|olá|oi|per favore|por favor|wilson|puoi|potresti|você pode|pode)[, ]*)*(?:scrivi(?:mi)?|scrivere|crea(?:mi)?|creare|fai|fammi|costruisci|aggiungi|correggi|sistema|implementa|programma|sviluppa|rifattorizza|genera|modifica|elimina|rinomina|converti|escreva|crie|criar|faça|construa|adicione|corrija|conserte|implemente|programe|desenvolva|refatore|gere|modifique|remova|mude|converta|ho bisogno di un|preciso de um)(?![\p{L}])/u,
  prose: /(?:poesia|barzelletta|storia|canzone|lettera|piada|poema|história|carta)/,
});

const russian = language({
  kill: /^(?:пожалуйста[, ]*)?(?:останови|остановись|отмени|прекрати|убей|заверши|стоп|прерви)/,
  progress:
    /(?:как (?:там )?(?:дела с|идёт|идет|продвигается)|уже готово|готово\?|закончил|прогресс|сколько (?:ещё|осталось)|какие задачи|что делает)/,
  models: /(?:как(?:ие|ая) модел|сколько памяти)/,
  ask: /^(?:что|кто|как (?!там)|где|когда|почему|зачем|какой|какая|сколько|объясни|расскажи|скажи|переведи ["'«])/,
  test: /(?:тесты? (?:для|к)|напиши тест|юнит-?тест|покрытие|протестируй)/,
  review: /(?:проверь|посмотри (?:мой|код|мои)|сделай ревью|отрецензируй)/,
  research: /(?:исследуй|сравни|найди (?:библиотек|лучш)|изучи|обобщи)/,
  analysis: /(?:проанализируй|выясни,? почему|посчитай|найди причину)/,
  make: /^(?:(?:привет|пожалуйста|wilson|можешь|не мог бы ты|мне)[, ]*)*(?:напиши|создай|сделай|построй|добавь|исправь|почини|реализуй|разработай|отрефактори|сгенерируй|измени|удали|переименуй|перепиши|написать|сделать|создать|нужен скрипт|нужна программа)/,
  prose: /(?:стих|анекдот|шутк|истори|песн|письмо|сказк)/,
});

const chineseJapaneseKorean = language({
  kill: /(?:^(?:请)?(?:停止|取消|终止|停下|中止|杀掉|结束|全部停止|別做了|别做了)|(?:止めて|停止して|キャンセルして|中止して|やめて)|(?:중지|취소|멈춰))/,
  progress:
    /(?:进度|進度|完成了吗|做完了吗|好了吗|怎么样了|到哪了|还要多久|在做什么|哪些任务|为什么失败|進捗|終わった|終わりました|できた[?？か]|状況|진행|끝났|다 됐)/,
  models:
    /(?:(?:哪些|哪个|什么)模型|多少内存|内存(?:占用|使用)|模型.*(?:运行|加载)|どのモデル|モデルは|メモリ(?:は|を|使用)|어떤 모델|메모리)/,
  ask: /(?:^(?:什么是|为什么(?!.*失败)|怎么(?!样了)|如何|谁|哪里|什么时候|解释|告诉我|讲|翻译[“"「'])|是什么|とは(?:何|なん)|なぜ|教えて|説明して|무엇|뭐야|설명해)/,
  test: /(?:写(?:一些|个|一下)?(?:单元)?测试|编写测试|测试用例|单元测试|テストを(?:書いて|追加|作って)|테스트.*(?:작성|써))/,
  review: /(?:审查|審查|代码评审|检查.*(?:代码|漏洞)|看(?:一)?下?.*代码|レビューして|コードを確認|리뷰)/,
  research: /(?:调研|调查|比较|总结|研究一下|找(?:一)?个.*库|調べて|比較して|要約して|まとめて|조사|비교|요약)/,
  analysis: /(?:分析|统计|找出.*(?:原因|为什么)|数一数|分析して|数えて|분석)/,
  make: /(?:^(?:请|你好|麻烦|可以|能不能|能)*.{0,3}(?:帮我|给我|替我)?(?:写|創建|创建|做|制作|实现|開發|开发|修复|修改|添加|增加|重构|生成|编写|删除|优化|构建|搭建|更新|重命名|转换)|^.{0,14}(?:添加|增加|修改|修复|重构|删除|优化|实现)|(?:作って|作成して|書いて|実装して|直して|修正して|追加して|開発して|変更して|リファクタ\S*して|削除して)|(?:만들어|작성해|써 ?줘|구현해|고쳐|수정해|추가해))/,
  prose: /(?:诗|笑话|故事|歌|信|句子|詩|冗談|話を|物語|手紙|시를|농담|이야기)/,
});

const byScript: readonly [RegExp, Language][] = [
  [/[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/, chineseJapaneseKorean],
  [/[\u0400-\u04ff]/, russian],
];
const latin: readonly Language[] = [german, spanish, french, italianPortuguese];

export type ForeignIntent = 'answer' | 'progress' | 'models' | 'kill' | TaskType;

function decide(language: Language, text: string): ForeignIntent | null {
  if (language.kill.test(text)) return 'kill';
  if (language.progress.test(text)) return 'progress';
  if (language.models.test(text)) return 'models';
  if (language.ask.test(text)) return 'answer';
  const makes = language.make.test(text);
  if (makes && language.prose.test(text)) return 'answer';
  if (language.test.test(text)) return 'test';
  if (language.analysis.test(text)) return 'analysis';
  if (language.review.test(text)) return 'review';
  if (language.research.test(text)) return 'research';
  return makes ? 'code' : null;
}

/** Words that show which language a text in Latin letters is in; English ones count against all others. */
const markers: readonly [Language, RegExp][] = [
  [
    german,
    /(?:[äöüß]|\b(?:der|die|das|ein|eine|einen|mir|und|ist|für|bitte|mit|nicht|ich|du|wie|was|auf|alles?|schreib|baue?|erstelle|welche|stopp|brich|beende|läuft|fertig|prüfe|test(?:e|et) (?:das|den|die))\b)/,
  ],
  [
    spanish,
    /(?:[¿¡ñ]|\b(?:el|los|las|una|unas?|por favor|qué|cómo|está|del|con|para|todo|tareas?|escribe|crea|haz|hazme|cancela|detén|añade|arregla|revisa|código|pruebas)\b)/,
  ],
  [
    french,
    /(?:[çœ]|\b(?:le|les|une|des|du|est-ce|moi|avec|pour|tout|où|c'est|qu'est|écris|crée|ajoute|corrige|arrête|annule|vérifie|tâche|s'il te plaît|peux-tu|l'\w+|d'un)(?![\p{L}]))/u,
  ],
  [
    italianPortuguese,
    /(?:ã|õ|\b(?:il|gli|che|di|per|uno|una|um|uma|dos|não|você|scrivi|scrivimi|crea|crie|escreva|faça|aggiungi|correggi|ferma|annulla|tutto|tudo|è)(?![\p{L}]))/u,
  ],
];

const english = /\b(?:the|what|what's|is|are|you|your|and|of|for me|please|how|this|that|my|it|with|do)\b/g;

/** The intent of a text that is not English, or null where that cannot be told. */
export function foreignIntent(text: string): ForeignIntent | null {
  for (const [script, language] of byScript) if (script.test(text)) return decide(language, text);
  const englishWords = text.match(english)?.length ?? 0;
  const scored = markers
    .map(([language, marker]) => ({ language, hits: text.match(unicode(marker, 'gu'))?.length ?? 0 }))
    .filter(({ hits }) => hits > 0 && hits >= englishWords)
    .sort((a, b) => b.hits - a.hits);
  for (const { language } of scored) {
    const intent = decide(language, text);
    if (intent !== null) return intent;
  }
  if (englishWords > 0 || scored.length > 0) return null;
  // No small word gave the language away ("Behebe Fehler"): an order that begins with no English verb may be one.
  if (leadingVerb(stripCourtesies(text), makingVerbs, openVerbs, testVerbs, analysisVerbs, researchVerbs) !== null)
    return null;
  for (const language of latin) {
    if (language.kill.test(text) || language.make.test(text)) return decide(language, text);
  }
  return null;
}
