import { WordList } from './word-list.js';

/**
 * Words by which a request is known to want a whole program made, by language, in the form of {@link WordList}. English comes
 * first; the others say the same.
 */
interface ProgramWords {
  /** Verbs and wishes of making. */
  readonly make: string;
  /** Whole things that nobody writes in one file and one go. */
  readonly whole: string;
  /** Of those, the ones that cannot mean a single file, and that are counted by their parts. */
  readonly large: string;
  /** Things that fit into a file. */
  readonly small: string;
  /** First words of a change of what exists. */
  readonly change: string;
  /** What precedes the parts of a thing: "with users and posts". */
  readonly with: string;
  readonly and: string;
  /** What brings the next of several orders. */
  readonly next: string;
  /** An article that begins a request without a verb: "a todo app with tests". */
  readonly article: string;
}

const english: ProgramWords = {
  make: 'build create make write develop implement design set_up setup scaffold program code need want',
  whole:
    'apps app applications application programs program systems system services service micro_services micro_service microservices microservice apis api websites website web_sites web_site web_pages web_page webpages webpage games game platforms platform backends backend front_ends front_end frontends frontend dashboards dashboard clis cli tools tool utility packages package library libraries frameworks framework bots bot pipelines pipeline projects project trackers tracker managers manager converters converter generators generator calculators calculator editors editor clones clone servers server simulators simulator planners planner organisers organiser organizers organizer quizzes quiz shops shop stores store blogs blog wikis wiki timers timer crawlers crawler scrapers scraper analysers analyser analyzers analyzer checkers checker catalogues catalogue cataloges cataloge ledgers ledger journals journal diary to_do_lists to_do_list to_dolists to_dolist todo_lists todo_list todolists todolist todos_lists todos_list todoslists todoslist shopping_lists shopping_list shoppinglists shoppinglist grocery_lists grocery_list grocerylists grocerylist reading_lists reading_list readinglists readinglist watch_lists watch_list watchlists watchlist wish_lists wish_list wishlists wishlist packing_lists packing_list packinglists packinglist guest_lists guest_list guestlists guestlist task_lists task_list tasklists tasklist check_lists check_list checklists checklist contact_books contact_book contactbooks contactbook address_books address_book addressbooks addressbook phone_books phone_book phonebooks phonebook recipe_books recipe_book recipebooks recipebook cook_books cook_book cookbooks cookbook guest_books guest_book guestbooks guestbook log_books log_book logbooks logbook',
  large: 'app application system platform api website web_page game',
  small:
    'functions function methods method classes class helpers helper scripts script one_liners one_liner regex decorators decorator hooks hook components component endpoints endpoint modules module snippets snippet query queries migrations migration dockerfiles dockerfile makefiles makefile',
  change:
    'fix repair debug correct mend refactor rename clean_up cleanup tidy simplify optimise optimize speed_up update upgrade bump migrate port convert change replace remove delete move add extend improve adjust split extract rewrite review explain test run document translate investigate research analyse analyze find look check compare summarise summarize',
  with: 'with that_has including offering featuring',
  and: 'and',
  next: 'then after_that afterwards finally',
  article: 'an a the some',
};
const german: ProgramWords = {
  make: 'baue bauen baut bau erstelle erstellen erstellt erstell schreibe schreiben schreibt schreib programmiere programmieren entwickle entwickel entwickeln mache machen mach implementiere implementieren erzeuge erzeugen brauche möchte ich_will wir_wollen hätte_gern',
  whole:
    '*app *anwendungen *anwendung *programm *system *spiel *webseite *seite *dienst *schnittstelle *werkzeug *bibliothek *rechner *tagebuch *plattform *verwaltung *verwalter *adressbuch *kontaktbuch *kassenbuch *haushaltsbuch todo_liste todoliste to_do_liste to_doliste aufgaben_liste aufgabenliste einkaufs_liste einkaufsliste merk_liste merkliste *generator *planer onlineshop webshop',
  large: '*app *anwendung *system *plattform *webseite *spiel kommandozeilenprogramm',
  small:
    'funktionen funktion methoden methode klassen klasse skripte skript moduls modul komponenten komponente abfragen abfrage regulären_ausdruck',
  change:
    'behebe beheb reparier* korrigier* änder* refaktorier* benenn* lösch* entfern* ersetz* füg* ergänz* aktualisier* überprüf* prüf* erklär* teste test dokumentier* übersetz* analysier* untersuch* finde find suche vergleich* verbesser* optimier* portier* konvertier* wandle verschieb*',
  with: 'mit inklusive samt',
  and: 'und sowie',
  next: 'dann danach anschließend schließlich zuletzt',
  article: 'eine ein einen die der das',
};
const french: ProgramWords = {
  make: 'créer créez crée écris écrivez écrire fais faites faire développer développez développe construis construire construisez programme implémenter implémentez implémente réaliser réalisez réalise veux voudrais besoin',
  whole:
    'applications application applis appli apps app programmes programme jeux jeu sites_web sites site_web site pages_web page_web systèmes système services service outils outil bibliothèques bibliothèque gestionnaires gestionnaire calculatrices calculatrice convertisseurs convertisseur générateurs générateur plateformes plateforme listes_de_tâches listes_de_courses liste_de_tâches liste_de_courses carnets_d_adresses carnet_d_adresses boutiques boutique blogs blog quiz api',
  large: 'application appli app système plateforme site jeu api',
  small:
    'fonctions fonction méthodes méthode classes classe scripts script modules module composants composant requêtes requête',
  change:
    'corrige* répare* modifie* supprime* remplace* renomme* ajoute* améliore* optimise* refactorise* mets_à_jour vérifie* explique* teste* documente* tradui* analyse* cherche* compare* converti* déplace*',
  with: 'avec comprenant incluant',
  and: 'et',
  next: 'puis ensuite après enfin',
  article: 'une un la les le',
};
const spanish: ProgramWords = {
  make: 'crear creame crea créame escribe escribir escriba escríbeme hazme haz hacer desarrollar desarrolla construye construir programar programa implementar implementa necesito quiero',
  whole:
    'aplicación aplicaciones apps app programas programa juegos juego sitios_web sitios sitio_web sitio páginas_web página_web sistemas sistema servicios servicio herramientas herramienta bibliotecas biblioteca gestores gestor calculadoras calculadora conversores conversor generadores generador plataformas plataforma listas_de_tareas listas_de_compras listas_de_compra lista_de_tareas lista_de_compras lista_de_compra agendas agenda tiendas tienda blogs blog api',
  large: 'aplicación app sistema plataforma sitio juego api',
  small:
    'función funciones métodos método clases clase scripts script módulos módulo componentes componente consultas consulta',
  change:
    'corrige arregla repara modifica cambia elimina borra reemplaza renombra añade agrega mejora optimiza refactoriza actualiza revisa explica prueba documenta traduce analiza busca compara convierte mueve',
  with: 'con incluyendo que_tenga',
  and: 'y e',
  next: 'luego después finalmente',
  article: 'una un la el los las',
};
const italian: ProgramWords = {
  make: 'creare creami crea scrivi scrivere scrivimi fai fare fammi sviluppare sviluppa costruisci costruire programmare programma implementare implementa realizza voglio vorrei mi_serve mi_servono bisogno',
  whole:
    'applicazione applicazioni app programma programmi gioco giochi sito_web sito siti_web siti pagina_web pagine_web sistema sistemi servizio servizi strumento strumenti libreria librerie gestore gestori calcolatrice calcolatrici convertitore convertitori generatore generatori piattaforma piattaforme lista_di_cose_da_fare lista_della_spesa lista_di_attività liste_di_cose_da_fare liste_della_spesa liste_di_attività rubrica rubrice negozio negozi blog api',
  large: 'applicazione app sistema piattaforma sito gioco api',
  small: 'funzione funzioni metodo metodi classe classi script modulo moduli componente componenti',
  change:
    'correggi ripara modifica cambia elimina rimuovi sostituisci rinomina aggiungi migliora ottimizza rifattorizza aggiorna controlla verifica spiega testa documenta traduci analizza cerca confronta converti sposta',
  with: 'con compreso compresi',
  and: 'e ed',
  next: 'poi dopo infine',
  article: 'una uno un il la lo gli le',
};
const portuguese: ProgramWords = {
  make: 'crie cria criar escreva escreve escrever fazer faz faça desenvolva desenvolve desenvolver construa construir programe programar implemente implementar preciso quero',
  whole:
    'aplicativos aplicativo aplicação aplicações apps app programas programa jogos jogo sites site páginas_web página_web sistemas sistema serviços serviço ferramentas ferramenta bibliotecas biblioteca gerenciadores gerenciador gestores gestor calculadoras calculadora conversores conversor geradores gerador plataformas plataforma listas_de_tarefas listas_de_compras lista_de_tarefas lista_de_compras agendas agenda lojas loja blogs blog api',
  large: 'aplicativo aplicação app sistema plataforma site jogo api',
  small:
    'função funções métodos método classes classe scripts script módulos módulo componentes componente consultas consulta',
  change:
    'corrija conserte modifique altere mude remova exclua substitua renomeie adicione melhore otimize refatore atualize revise verifique explique teste documente traduza analise procure compare converta mova',
  with: 'com incluindo',
  and: 'e',
  next: 'depois em_seguida finalmente',
  article: 'uma um o os as',
};
const dutch: ProgramWords = {
  make: 'bouw maak schrijf ontwikkel programmeer implementeer creëer wil nodig',
  whole:
    '*app *applicatie *programma *spel *website *systeem *dienst *bibliotheek *rekenmachine *beheer *platform taken_lijstje taken_lijst takenlijstje takenlijst todo_lijstje todo_lijst todolijstje todolijst boodschappen_lijstje boodschappen_lijst boodschappenlijstje boodschappenlijst *adresboek *winkel *generator *omrekenaar api',
  large: '*app *applicatie *systeem *platform *website *spel api',
  small: 'functies functie methodes methode klassen klasse scripts script modules module componenten componente',
  change:
    'repareer verbeter wijzig verander verwijder vervang hernoem voeg optimaliseer controleer documenteer vertaal analyseer zoek vergelijk converteer verplaats',
  with: 'met inclusief',
  and: 'en',
  next: 'daarna vervolgens tenslotte',
  article: 'een de het',
};
const russian: ProgramWords = {
  make: 'напиши создай сделай разработай построй реализуй написать создать сделать нужно нужна нужны хочу',
  whole:
    'приложение приложения программа программу программы система систему системы сайт игра игру игры сервис инструмент библиотека библиотеку библиотекы бота бот калькулятор трекер список_дел список_задач список_покупок',
  large: 'приложение приложения система систему системы сайт игра игру игры платформа платформу платформы',
  small: 'функцию функции функция метод класс скрипт модуль модуля',
  change:
    'исправь почини измени удали замени переименуй добавь улучши обнови проверь объясни протестируй переведи проанализируй найди сравни перенеси',
  with: 'с со включая',
  and: 'и',
  next: 'затем потом после_этого наконец',
  article: 'какой_нибудь',
};

const languages = [english, german, french, spanish, italian, portuguese, dutch, russian];

/** The words of one kind in all languages. */
export function programWords(kind: keyof ProgramWords): WordList {
  return new WordList(languages.map((language) => language[kind]).join(' '));
}

/** The same for scripts that set no spaces between words. */
export const eastern = {
  script: /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/gu,
  make: /写|做|创建|創建|开发|開發|实现|實現|构建|编写|編寫|制作|生成|搭建|想要|需要|作って|作成|書いて|開発|実装|作りたい|만들|작성|개발|구현/u,
  whole:
    /应用|應用|程序|程式|系统|系統|网站|網站|游戏|遊戲|工具|服务|服務|平台|计算器|管理器|待办|清单|博客|商城|小程序|アプリ|プログラム|システム|サイト|ゲーム|ツール|リスト|앱|프로그램|시스템|게임|웹사이트|도구/u,
  large: /应用|應用|系统|系統|网站|網站|游戏|遊戲|平台|アプリ|システム|サイト|ゲーム|앱|시스템|게임|웹사이트/u,
  small: /函数|函數|方法|类|脚本|腳本|模块|関数|クラス|スクリプト|メソッド|함수|클래스|스크립트|메서드/u,
  change:
    /^(?:请|請|帮我|幫我|麻烦)?(?:修复|修復|修改|添加|增加|删除|刪除|重构|重構|优化|優化|更新|替换|重命名|检查|檢查|解释|解釋|测试|測試|翻译|分析|查找|比较|转换)|(?:修正して|直して|追加して|変更して|削除して|リファクタリングして)[。.!！]?$|(?:고쳐|수정해|추가해|삭제해|바꿔)\S*[.!]?$/u,
  /** "带有用户和帖子": what lists the parts of a thing, and what stands between them. */
  parts: /(?:带有?|包含|包括|具有|支持|附带)([^。.!！?？\n]{2,80})/u,
  between: /[、，,和与及]/u,
} as const;
