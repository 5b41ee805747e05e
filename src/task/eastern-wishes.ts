import type { Extra, Mention, MentionKind } from './mentions.js';

/** The same as the tables of `wish-words.ts` for scripts without spaces between words. */
const nouns: Readonly<Record<Extra, RegExp>> = {
  tests:
    /(?:单元|集成|自动化|單元)?(?:测试|測試)(?:用例|代码)?|(?:ユニット)?テスト(?:コード|ケース)?|(?:유닛 ?|단위 ?)?테스트(?: ?코드)?/g,
  review: /代码(?:审查|评审)|审查|评审|コードレビュー|レビュー|코드 ?리뷰|리뷰/g,
  docs: /文档|說明文件|ドキュメント|문서/g,
};
const urgedBefore = /(?:别忘|不要忘|不要漏|勿忘|不能没有|不能缺|不可缺)[^，。；,.;]{0,6}$/;
const refusedBefore =
  /(?:不要|不需要|不必|无需|无须|不用|别|没有|不写|不带|不含|不包含|不做|省略|跳过|免|不想要)(?:编写|添加|任何|写|做|加|有|进行|包含|带|的|单元|自动化){0,3}$/;
const refusedAfter =
  /^(?:就)?(?:不需要|不用|不要|不必|省略|なし|は不要|はいらない|は書かない|は要らない|抜き|は必要ない|은? ?없이|는 ?필요 ?없|는 ?빼|는? ?하지 ?마)/;
const urgedAfter = /^(?:も|を)?忘れ(?:ずに|ないで)|^(?:도|를)? ?잊지 ?마/;
const partOfName =
  /^(?:工具|平台|系统|网站|框架|数据|环境|题|成绩|结果|是否|ツール|ランナー|データ|환경|데이터|도구)|^(?:通过|失败|が通|が失敗|が落ち)/;
const otherBefore = /(?:用户|客户|商品|电影|心理|性格|考试|ユーザー|사용자|상품|영화)$/;
/** Joins and verbs that make it a wish. */
const wantedBefore =
  /(?:带有?|附带|包含|包括|含有?|和|与|及|并|加上?|有|写|编写|添加|增加|做|需要|要|再|一些|个|以及|と|も|付きの|와|과|랑|,|，|、|^)(?:一些|几个|完整的?|自动化的?|的|上|了|个)?$/;
const wantedAfter = /^(?:も|を)?(?:付き|つき|書|作|追加|含|と)|^(?:도|를|을)? ?(?:포함|작성|추가|만들|와|과)/;

/** Mentions in Chinese, Japanese and Korean. Pure. */
export function easternMentions(text: string, extra: Extra): Mention[] {
  return [...text.matchAll(nouns[extra])].map((match) => {
    const start = match.index;
    const end = start + match[0].length;
    const kind = kindOf(text.slice(Math.max(0, start - 14), start), text.slice(end, end + 12));
    return { start, end, kind };
  });
}

function kindOf(before: string, after: string): MentionKind {
  const left = before.replace(/^[\s\S]*[。；;.!！?？\n]/, '').trimEnd();
  if (partOfName.test(after) || otherBefore.test(left)) return 'other';
  if (urgedBefore.test(left) || urgedAfter.test(after)) return 'wanted';
  if (refusedBefore.test(left) || refusedAfter.test(after)) return 'refused';
  return wantedBefore.test(left) || wantedAfter.test(after) ? 'wanted' : 'named';
}
