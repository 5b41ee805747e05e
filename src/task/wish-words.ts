/**
 * Words by which a request asks for tests, a review or documents, or refuses them, by language. Each list is words apart by
 * spaces, in lower case; `*` stands for any ending. Chinese, Japanese and Korean are in `eastern-wishes.ts`, since they set no
 * spaces between words.
 */
interface WishWords {
  /** Negations that stand before a noun: "without", "no". */
  readonly without: string;
  /** Negations of a verb: "not", "never". */
  readonly not: string;
  /** Verbs that leave something out, which a negation turns round: "forget", "skip". */
  readonly leave: string;
  /** "Not only tests": no refusal. */
  readonly only: string;
  /** Verbs of making or wanting, which may stand between a negation and what it refuses, and before what is wanted. */
  readonly make: string;
  /** What joins a wish to the thing itself: "with tests", "and tests". */
  readonly join: string;
  /** Articles and the like, which may stand before the noun. */
  readonly small: string;
  readonly and: string;
  readonly or: string;
}

const english: WishWords = {
  without: 'no without w/o zero minus sans except',
  not: 'not never dont neither nor nobody hardly',
  leave:
    'leave leaving skip skipping omit omitting forget forgetting drop dropping avoid avoiding exclude excluding neglect miss spare ignore',
  only: 'only just merely simply',
  make: 'write writes writing add adds adding create creating include includes including make making generate generating do does doing need needs needing want wants wanting require requires requiring have has having provide provides providing implement implementing produce put get gets run running bother worry waste spend expect deliver cover covered contain contains',
  join: 'with and but plus including includes featuring also then together along',
  small:
    'a an the any some more further additional extra new its their your my our it us me you i we please also either yet now ever to for of on about time need necessary necessity required point in kind sort such other few couple lot lots bunch single every each all basic simple short small good proper real actual complete full solid thorough decent automated automatic unit integration regression functional acceptance smoke end-to-end e2e ui separate dedicated extensive comprehensive passing code peer python javascript js node pytest jest vitest unittest mocha useful meaningful two three four five bit too well as both out start must should shall will would can could with',
  and: 'and &',
  or: 'or nor',
};
const german: WishWords = {
  without: 'ohne kein keine keinen keiner keinerlei keinem',
  not: 'nicht nie niemals',
  leave: 'vergiss vergesst vergessen verzichte verzichtet lass lasse weglassen überspringe überspring spare spar',
  only: 'nur bloß',
  make: 'schreib schreibe schreiben schreibst erstell* füge erzeug* mach mache brauch* benötig* möchte will wünsche hätte habe baue bau implementier* generier* ergänz* enthalten enthält',
  join: 'mit und aber plus inklusive inkl samt sowie nebst auch dann dazu',
  small:
    'der die das den dem des ein eine einen einer einem ich du wir bitte mir uns dir dafür dazu auf an von zu zum zur irgendwelche weitere neue ein paar einige passende automatische automatisierte automatisierten einfache gute vollständige kleine jetzt noch auch es sie',
  and: 'und',
  or: 'oder noch',
};
const french: WishWords = {
  without: 'aucun aucune zéro',
  not: 'pas jamais ne n ni',
  leave: 'oublie oubliez oublier omets omettre ignore saute évite éviter',
  only: 'seulement uniquement juste',
  make: 'écris écrivez écrire ajoute ajoutez ajouter crée créez créer fais faites faire veux voudrais besoin inclus incluez inclure génère générer mets mettre prévois',
  join: 'avec et mais plus ainsi incluant comprenant puis',
  small:
    'de des du d le la les l un une mes ses nos je tu nous il y a en que qu quelques nouveaux automatisés automatiques bons petits également aussi pour à',
  and: 'et',
  or: 'ou ni',
};
const spanish: WishWords = {
  without: 'sin ningún ninguna ninguno',
  not: 'no nunca tampoco',
  leave: 'olvid* omit* salt* salte* evit* ignor*',
  only: 'solo sólo solamente',
  make: 'escrib* añad* agreg* crea cree crees crear haz hagas hacer hace hacen quiero quieras necesit* incluy* inclu* gener* falta',
  join: 'con y e pero más incluyendo junto además luego',
  small:
    'de del el la los las l un una unos unas te se me nos que para por favor también algunas algunos nuevas buenas automatizadas automáticas',
  and: 'y e',
  or: 'o ni u',
};
const italian: WishWords = {
  without: 'senza nessun nessuno nessuna niente',
  not: 'non mai né',
  leave: 'dimentic* omett* salt* evit* ignor* tralasci*',
  only: 'solo soltanto solamente',
  make: 'scriv* aggiung* crea creare fai fare voglio vorrei serve servono bisogno inclu* gener*',
  join: 'con e ed ma più incluso inclusi insieme poi',
  small:
    'di dei del della delle degli il lo la i gli le un uno una ti mi ci che per favore anche alcuni nuovi automatici buoni',
  and: 'e ed',
  or: 'o né',
};
const portuguese: WishWords = {
  without: 'sem nenhum nenhuma',
  not: 'não nunca nem',
  leave: 'esque* omit* pul* evit* ignor*',
  only: 'só somente apenas',
  make: 'escrev* adicion* cri* faça faz fazer quero preciso precis* inclu* ger*',
  join: 'com e mas mais incluindo junto também depois',
  small:
    'de do da dos das o a os as um uma uns umas se te me nos que para por favor também alguns novos automatizados automáticos bons',
  and: 'e',
  or: 'ou nem',
};
const dutch: WishWords = {
  without: 'zonder geen',
  not: 'niet nooit',
  leave: 'vergeet vergeten sla laat vermijd',
  only: 'alleen slechts',
  make: 'schrijf schrijven voeg maak maken wil hoef hoeft nodig genereer bevat',
  join: 'met en maar plus inclusief samen ook dan',
  small: 'de het een te om er ik je wij alsjeblieft ook wat enkele nieuwe goede geautomatiseerde automatische toe',
  and: 'en',
  or: 'noch',
};
const russian: WishWords = {
  without: 'без никаких',
  not: 'не никогда',
  leave: 'забуд* забыва* пропус* опус*',
  only: 'только лишь',
  make: 'пиши писать напиши добав* созда* дела* сдела* хочу нужн* надо включ*',
  join: 'с со и но плюс включая вместе также затем',
  small: 'про на для мне нам пожалуйста тоже новые новых автоматические автоматических хорошие',
  and: 'и',
  or: 'или ни',
};

const languages = [english, german, french, spanish, italian, portuguese, dutch, russian];

/** Tells whether a word, in lower case, is in a list of the tables. */
export type WordTest = (word: string) => boolean;

function anyOf(...keys: readonly (keyof WishWords)[]): WordTest {
  const whole = new Set<string>();
  const starts: string[] = [];
  for (const words of languages.flatMap((language) => keys.flatMap((key) => language[key].split(' ')))) {
    if (words.endsWith('*')) starts.push(words.slice(0, -1));
    else whole.add(words);
  }
  return (word) => whole.has(word) || starts.some((start) => word.startsWith(start));
}

export const isWithout = anyOf('without');
export const isNot = anyOf('not');
export const isLeaving = anyOf('leave');
export const isOnly = anyOf('only');
export const isMaking = anyOf('make');
export const isJoin = anyOf('join');
export const isSmallWord = anyOf('small');
export const isAnd = anyOf('and');
export const isOr = anyOf('or');

/** Things beside the code itself, which stand in a list with tests: "no docs, reviews or tests". */
export const isExtra: WordTest = (word) =>
  /^(?:docs?|docstrings?|documentation|dokumentation|doku|comments?|kommentare?|readme|reviews?|tests?|linting|lint|ci|typing|benchmarks?|changelog|packaging|coverage|logging|documentación|documentação|documentazione|documentatie)$/.test(
    word,
  );

/** Verbs that change or harm what exists: "do not touch the tests" is about those that are there. */
export const isHarming: WordTest = (word) =>
  /^(?:touch|touching|chang\w+|modify\w*|break\w*|delet\w+|remov\w+|edit\w*|disabl\w+|weaken\w*|alter\w*|rewrit\w+|renam\w+|mov\w+|änder\w*|ändere|lösch\w*|entfern\w*|verände\w*|fass\w*|berühr\w*|touche\w*|modifi\w*|supprim\w*|cass\w+|toqu\w*|cambi\w*|elimin\w*|borr\w*|romp\w*|tocc\w*|cancell\w*|alter\w*|remov\w*|quebr\w*|wijzig\w*|verander\w*|verwijder\w*)$/.test(
    word,
  );
