/**
 * Words of several languages by what they mean, so that what was learnt of "cancel the task" helps with "annule la tâche". A
 * word with `*` stands for all that begin with it; Chinese, Japanese and Korean are found anywhere, since nothing parts their
 * words. Order of languages: English, German, Spanish, French, Portuguese, Italian, Russian, Dutch, Polish, Swedish, then CJK.
 */
const table: Readonly<Record<string, string>> = {
  stop: `stop* kill* cancel* abort* terminat* halt* interrupt* scrap ditch nuke quit discontinue stopp* brich breche abbrech* abbruch beend* aufhör* para parar pare pará detén deten* detener cancela* anula* annul* arrêt* arrete* aborte* interromp* ferma* fermati ferm останов* отмен* прекрат* прерв* убей стоп annuleer* anuluj* zatrzym* avbryt* stoppa durdur* iptal 停止 取消 停掉 停下 终止 中止 別做了 止め キャンセル ストップ 취소 멈춰 중지 그만`,
  task: `task* job jobs subtask* queue* aufgabe* auftrag* tarea* tâche* tache* tarefa* attività compito задач* задани* taak taken zadani* uppgift* görev 任务 任務 工作任务 タスク 작업 태스크`,
  agent: `agent* worker* reviewer* tester researcher arbeiter agente* агент* агента воркер* 代理 智能体 エージェント 에이전트`,
  model: `model models modell* modelo* modèle* modele modello modelli модел* llm llms qwen* llama* mistral* gemma* deepseek* codellama ollama sprachmodell* 模型 モデル 모델`,
  memory: `memory ram vram speicher* arbeitsspeicher memoria mémoire memoire memória памят* geheugen pamięć minne 内存 記憶體 显存 メモリ 메모리`,
  loaded: `load* unload* geladen lädt cargad* chargé* carregad* caricat* загруж* geladen załadowan* laddad* 加载 ロード 로드`,
  use: `use uses using used benutz* nutz* verwend* usas usa usando uses utilis* utiliz* usi uso usare использ* gebruik* używ* använd* 用 使用 使って 쓰 사용`,
  done: `done finish* ready complete* fertig abgeschlossen termin* acab* listo fini* finie prêt* pronto pronta finit* готов* законч* klaar gotow* skończ* färdig 完成 好了 做完 结束 終わ 完了 끝났 완료`,
  failed: `fail* crash* broke fehlgeschlag* gescheitert schiefgegangen abgestürzt falló fallo fallid* échou* echou* falhou fallita fallito упал* провал* сломал* mislukt* 失败 失敗 실패`,
  goes: `progress* status eta update* läuft laufen fortschritt* stand avance* estado progres* andament* прогресс* статус 进度 进展 怎么样 状态 状況 進捗 どうな 진행 상황 상태`,
  agree: `yes yeah yep yup yess y ok okay k sure fine absolutely definitely please go ahead proceed agreed alright right course do ja gerne klar bitte mach los sí si claro dale vale hazlo adelante oui d'accord vas-y volontiers ok sim pode claro vai sì va bene certo fallo да давай конечно можно хорошо делай ja graag tak dobrze proszę ja gärna evet tamam 好 好的 可以 行 做吧 开始吧 是的 嗯 はい お願い やって いいよ 네 응 좋아 해주세요`,
  refuse: `no nope nah not never don't dont rather later skip leave nein nee lieber später lass no mejor luego déjalo non pas plutôt laisse não deixa depois no meglio lascia нет не потом лучше nee liever nie nej hayır 不 不用 不要 算了 先不 いいえ やめて 結構 아니 나중에 됐어`,
  choose: `first second third one two 1 2 former latter both either option erste zweite beide primero segundo ambos premier deuxième second primeiro segundo primo secondo первый второй оба 第一 第二 两个 一つ目 二つ目 첫 두`,
  test: `untested fuzz* e2e playwright cypress selenium testcontainer* quickcheck proptest hypothesis property-based end-to-end parametri* ungetestet* regressionstest* testlauf* test tests testing tested testen tests unittest* spec specs coverage pytest jest vitest junit mocha testfäll* testabdeckung pruebas prueba probar cobertura couverture teste testes testar cobertura collaudo тест* покрыти* dekning testy testów tester täckning 测试 测一下 覆盖率 テスト カバレッジ 테스트 커버리지`,
  run: `run runs rerun execute lauf laufen führe ausführ* ejecuta* corre lance* lancer exécute* execute rode rodar roda esegui* запуст* прогон* draai voer uruchom kör 运行 跑一下 跑 実行 돌려 실행`,
  review: `once-over nitpick* scrutin* sceptical skeptical critically kritisch* crític* critique* kritisk* критич* krytycznie begutachten ojo œil regard occhiata olhada blick взгляд* взгляни глянь 把关 挑 厳しめ titt review* audit* critique feedback inspect proofread vet critic* überprüf* prüf* begutacht* durchsehen revis* audita* échale ojo relis relire vérif* revue revoir avali* controlla* verifica* revisiona* провер* ревью посмотри оцен* beoordeel bekijk controleer sprawdź granska 审查 检查 看看 审核 レビュー 確認 リビュー 리뷰 검토 봐줘`,
  security: `security secure vulnerab* holes hole injection xss csrf unsafe insecure sicherheit* sicherheitslücke* seguridad vulnerab* fallos sécurité failles faille segurança falhas sicurezza falle безопасност* уязвим* дыр* 安全 漏洞 脆弱性 セキュリティ 보안`,
  bug: `bug bugs error errors fehler* defect* issue* fallo error* errores erreur* erro erros errore errori ошибк* баг* fout błąd błęd* fel 错误 bug 故障 バグ エラー 不具合 버그 오류 에러`,
  fix: `fix* repair* mend patch debug resolve solve behebe* beheb* reparier* korrigier* richte arregl* arréglal* corrig* corrige* repar* répar* corriger conserta* arruma* corregg* ripara* sistema исправ* почин* поправ* repareer napraw* popraw* fixa laga düzelt 修复 修 修一下 修正 解决 直して 直す 修正して 고쳐 수정`,
  write: `write* writ* compose schreib* verfass* escrib* escríb* écri* ecri* rédig* escrev* redij* scriv* напиш* напис* schrijf* napisz skriv* yaz 写 編写 写一个 編寫 書いて 書く 作成 작성 써줘`,
  make: `build* makes create* creat* implement* develop* generat* scaffold bau baue* bauen erstell* mach mache erzeug* programmier* entwick* haz hazme crea* créa* construy* desarroll* programa* genera* faire crée* créer développ* faz faça crie criar cria* desenvolv* gere fare costrui* svilupp* сделай сделать созда* разработ* реализ* maak bouw zrób stwórz utwórz zbuduj bygg skapa 做 做一个 创建 建 实现 开发 生成 作って 作る 作成して 作って 만들어 구현 개발`,
  add: `add* insert include füg* hinzu ergänz* einbau* añad* agreg* incluy* ajout* rajout* adicion* inclu* aggiung* добав* встав* voeg toe dodaj lägg ekle 加 添加 加上 增加 追加 つけて 추가`,
  remove: `remove* delet* drop entfern* lösch* elimin* borra* quita* supprim* enlèv* enlev* remov* apag* exclu* rimuov* cancella* удал* убер* verwijder* usuń sil 删除 删 去掉 移除 削除 消して 삭제 지워`,
  change: `change* replace* switch* update* upgrade* swap* migrate* änder* ersetz* aktualisier* tausch* cambi* reemplaz* actualiz* modific* chang* remplac* modifi* mettre mude mudar troque troca* atualiz* substitu* cambia* sostitu* aggiorna* измен* замен* обнов* помен* wijzig* vervang zmień zamień zaktualizuj ändra 改 改成 换成 替换 更新 修改 変えて 変更 置き換え 바꿔 변경 교체 업데이트`,
  refactor: `refactor* refaktor* refactoriz* refactoris* refator* rifattorizz* rewrite port clean* simplif* split* extract* dedup* umschreib* überarbeit* aufräum* reescrib* réécri* reescrev* riscriv* рефактор* отрефактор* перепиш* herschrijf przepisz 重构 重写 改写 リファクタ 書き換え 書き直 리팩터 리팩토 다시 작성`,
  rename: `rename* renam* umbenenn* benenn* umzubenennen renombr* renomm* renomei* renomear rinomin* переимен* hernoem* 重命名 改名 リネーム 名前を変 이름 바꾸`,
  convert: `convert* turn transform wandle umwandel* konvertier* conviert* convert* transform* converta converte конверт* преобраз* converteer przekonwertuj konvertera 转换 转成 转为 変換 변환`,
  organise: `organi* sort sorts tidy arrange group move copy zip unzip compress merge archive backup sortier* ordne verschieb* aufräum* kopier* pack ordena* organiz* mueve clasific* range* ranger tri* trier déplace* organis* ordina* sposta* разлож* сортир* отсорт* перемест* sorteer posortuj sortera 整理 排序 分类 移动 压缩 整頓 分けて 移動 정리 분류 이동`,
  file: `file files folder* director* datei* ordner verzeichnis archivo* carpeta* fichier* dossier* arquivo* pasta* file cartell* файл* папк* bestand* map plik* folder* fil mapp 文件 文件夹 目录 ファイル フォルダ 파일 폴더`,
  media: `photo* picture* image* images img screenshot* png* jpg* jpeg* pdf* mp3* mp4* song* video* invoice* download* receipt* wallpaper* scan scans slide* docx* epub* ebook* foto* bild bilder rechnung* descargas imágen* imagen* facturas images téléchargement* imagens immagin* фото* картин* загрузк* скачанн* zdjęci* obraz* bilder 照片 图片 下载 截图 写真 画像 ダウンロード 사진 이미지 다운로드`,
  code: `code codebase repo repository branch commit* diff diffs pr prs pull merge patch function* method* class classes module* quellcode funktion* klasse* código funcion* función rama fonction* classe* branche função funções funzion* ramo код* функци* ветк* функция codice kod kodu koden 代码 函数 分支 类 模块 提交 コード 関数 ブランチ 코드 함수 브랜치`,
  product: `page pages website site webpage app apps application button* form* login signup checkout navbar header footer sidebar modal menu dialog* endpoint* api apis script scripts program* tool cli bot bots game games server component* widget* dashboard table column* search dark theme mode seite* webseite* knopf schaltfläche skript* programm* spiel* werkzeug página* pagina* sitio botón formulario aplicación juego programa page* bouton* formulaire jeu programme* logiciel site botão jogo formulário sito pulsante gioco programma страниц* сайт* кнопк* приложени* игр* скрипт* програм* бот* калькулятор* pagina knop spel strona przycisk gra skrypt* sida knapp spel 网页 页面 网站 按钮 表单 登录 应用 程序 脚本 游戏 机器人 小程序 爬虫 界面 ページ サイト ボタン アプリ ゲーム スクリプト 画面 プログラム フォーム 페이지 사이트 버튼 앱 게임 스크립트 프로그램 로그인 화면`,
  data: `data dataset* csv log logs logfile* trace traces metric* statistic* excel xlsx spreadsheet* dump* profile* daten protokoll* logdatei* datos registro* registros données journaux journal dados dati данн* лог* логи логах logboek* dane dziennik* 日志 数据 表格 ログ データ 로그 데이터`,
  document: `paper papers article* document* report* pdf chapter* minutes transcript* literature notes whitepaper* rfc bericht* artikel dokument* unterlage* informe* artículo* documento* rapport* article* relatório* artigo* rapporto relazione articoli стать* отчёт* отчет* документ* обзор* verslag raport* artykuł* 论文 文章 报告 文档 資料 論文 記事 レポート 文書 ドキュメント 논문 보고서 문서`,
  compare: `compare* comparison* versus vs alternative* pros cons vergleich* alternativ* compar* confront* сравн* альтернатив* vergelijk porówna* alternatyw* jämför 比较 对比 替代 比較 代替 비교 대안`,
  research: `panorama* landscape primer shortlist überblick état research* investigat* survey* overview* recommend* recherch* finde herausfinden übersicht empfehlung* investiga* averigua* busca* cherche* renseigne* pesquis* procure cerca* ricerc* исслед* изуч* найди поищи онderzoek zoek zbadaj poszukaj undersök 调研 研究 查一下 调查 搜索 调べ 調査 探して 조사 찾아`,
  summarise: `boil synthesis synthese síntesis síntese abstract recap briefing précis выжимк* summar* condense gist digest outline zusammenfass* fasse zusammen resum* résum* synthèse resuma riassum* riassunto sintesi резюм* кратк* изложени* конспект samenvat* vat streść streszcz* sammanfatta 总结 概括 摘要 要約 まとめ 요약 정리`,
  library: `librar* framework* package* provider* vendor* licen* tool tools bibliothek* anbieter lizenz* librerí* biblioteca* proveedor* bibliothèque* fournisseur* licence* fornecedor* libreri* библиотек* фреймворк* провайдер* bibliotheek bibliotek* 库 框架 供应商 许可证 ライブラリ フレームワーク 라이브러리`,
  analyse: `analy* profile count* measure* diagnos* examine trace untersuch* zähl* auswert* werte miss analiz* analic* cuenta contar mide examina compte* mesure* conte contar meça examine conta misura проанализ* посчита* подсчита* измер* onderzoek tel zanalizuj policz analysera räkna 分析 统计 数一下 诊断 找出 分析して 数えて 調べて 분석 세어 원인`,
  cause: `why cause* reason* bottleneck* warum wieso weshalb ursache* porqué razón causa* pourquoi raison porquê motivo perché почему причин* waarom dlaczego varför neden 为什么 原因 怎么回事 なぜ どうして 原因 왜 원인`,
  slow: `slow* leak* latency performance langsam* lento* lenta* lent lents lente lentement медлен* тормоз* traag wolno långsam 慢 卡 遅い 重い 느린 느려`,
  ask: `what which who when where how whose wer wie wann welche* wo qué que quién cómo cuál cuándo dónde cuánt* quoi quel* qui comment quand où combien qual quais quem quando onde quanto* quanta* cosa chi dove quale quali что кто как где когда какой какая какие какую сколько зачем чем wat wie hoe kto jak gdzie ile vad vem ne nasıl 什么 怎么 哪 谁 多少 几 吗 何 誰 どう いつ どこ どれ どの いくつ ですか 뭐 무엇 어떻게 언제 어디 어느 누구 얼마`,
  explain: `explain* describe* tell difference mean means meaning definition erklär* unterschied bedeut* expli* diferencia significa différence signifie expliq* diferença spiega* differenza significa объясн* разниц* отлич* означа* uitleg* verschil wyjaśnij różnica förklara skillnad 解释 区别 意思 是什么 讲讲 説明 違い 意味 教えて とは 설명 차이 뜻 알려`,
  talk: `thanks thank thx hello hi hey joke* poem* haiku story lol haha bye danke* hallo guten witz* gedicht gracias hola chiste* poema buenos buenas merci bonjour salut blague* poème obrigad* olá oi piada* bom grazie ciao barzellett* poesia спасибо привет анекдот* стих* bedankt dank hoi dzięki cześć żart tack hej skämt teşekkür* 谢谢 你好 笑话 诗 ありがと こんにちは おはよう 冗談 ジョーク 고마워 안녕 농담`,
  translate: `translat* übersetz* traduc* traduz* tradu* tradurr* перевед* vertaal przetłumacz översätt 翻译 译成 訳して 翻訳 번역`,
  notyet: `wait hang hold hold-off moment warte espera attends aspetta подожди 等一下 待って wacht vänta don't dont not yet hypothetically theoretically nicht noch nichts kein keine todavía nada encore rien não ainda non ancora niente не пока ничего niet nog nie jeszcze inte än 不要 先别 先不 别动 没 不 まだ ないで いらない 不要 아직 말고 `,
  think: `think thinking mull sleep nachdenken überlegen denke pensar pensarlo piénsalo réfléchir pensare подумать думаю 想想 考虑 考えさせて nadenken pomyśleć tänka`,
  past: `yesterday ago once already gestern neulich schon habe hatte ayer ya hier j'ai déjà ontem já ieri già вчера уже gisteren heb wczoraj już igår 昨天 以前 已经 去年 昨日 ました 先週 어제 했어 이미`,
  request: `please pls plz could would need want bitte könntest kannst brauche möchte hätte gern bräuchte favor puedes podrías necesito quiero stp svp plaît peux pourrais besoin voudrais j'aimerais poderia preciso quero queria puoi potresti vorrei voglio можешь нужен нужна нужно надо хочу пожалуйста alsjeblieft kun kunt wil proszę możesz potrzebuję snälla kan lütfen 请 帮我 帮忙 能不能 可以 需要 想要 给我 ください 下さい お願い ほしい 欲しい もらえ くれ 해줘 해 주세요 주세요 부탁 줘`,
  me: `i i'm i've mine we our ich mein* wir unser* yo mis nosotros nuestr* je j'ai nous notre eu meu minha nós nosso nossa io mio mia noi nostr* я мой моя мои мы наш* ik mijn ja mój moje jag min 我 我们 我的 僕 俺 うち 우리`,
  you: `your you're wilson du dein* dir dich ihr tú tus usted toi tes vous votre você seu sua tuo tua ты твой тебя вы jij je jouw ty twój 你 您 你的 あなた 당신`,
};

const concepts = new Map<string, string[]>();
const prefixes: { readonly start: string; readonly concept: string }[] = [];
const anywhere: { readonly part: string; readonly concept: string }[] = [];

const eastern = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

for (const [concept, list] of Object.entries(table)) {
  for (const word of list.split(/\s+/)) {
    if (word === '') continue;
    if (eastern.test(word)) anywhere.push({ part: word, concept });
    else if (word.endsWith('*')) prefixes.push({ start: word.slice(0, -1), concept });
    else concepts.set(word, [...(concepts.get(word) ?? []), concept]);
  }
}
const byStart = new Map<string, { readonly start: string; readonly concept: string }[]>();
for (const prefix of prefixes) {
  const key = prefix.start.slice(0, 2);
  byStart.set(key, [...(byStart.get(key) ?? []), prefix]);
}

/** The concepts of one word, in lower case; of a run of Chinese, Japanese or Korean those of its parts, in order. */
export function conceptsOf(word: string): string[] {
  if (eastern.test(word)) {
    return anywhere
      .map(({ part, concept }) => ({ concept, at: word.indexOf(part) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at)
      .map(({ concept }) => concept);
  }
  const found = new Set(concepts.get(word) ?? []);
  for (const { start, concept } of byStart.get(word.slice(0, 2)) ?? []) if (word.startsWith(start)) found.add(concept);
  return [...found];
}
