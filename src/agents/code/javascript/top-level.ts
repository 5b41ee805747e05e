import { type AnyNode, type Comment, type Program, parse } from 'acorn';

/** A statement of a script or module that stands by itself, with the comment right above it. */
export interface TopLevel {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Where its own code begins, behind that comment. */
  readonly codeStart: number;
  /** What it declares; null for a statement. */
  readonly name: string | null;
  readonly kind: 'function' | 'class' | 'import' | 'export' | 'assertion' | 'declaration' | 'statement';
  /** `export ` or `export default ` where a declaration is exported in place; empty otherwise. */
  readonly exported: string;
  /** The declared function or class, the statement itself for the rest. */
  readonly node: AnyNode;
}

/**
 * The top-level pieces of JavaScript in order, read by acorn (the parser that ESLint and webpack use). Throws the
 * `SyntaxError` of acorn for what is neither a module nor a script. Pure.
 */
export function topLevelPieces(code: string): TopLevel[] {
  const comments: Comment[] = [];
  const program = parseAny(code, comments);
  let from = 0;
  return program.body.map((statement) => {
    const start = startWithComment(code, comments, from, statement.start);
    from = statement.end;
    const inner = declarationIn(statement);
    return {
      text: code.slice(start, statement.end),
      start,
      end: statement.end,
      codeStart: statement.start,
      exported: inner === statement ? '' : code.slice(statement.start, inner.start),
      ...classify(inner, code),
    };
  });
}

function parseAny(code: string, comments: Comment[]): Program {
  const options = { ecmaVersion: 'latest', allowHashBang: true, onComment: comments } as const;
  try {
    return parse(code, { ...options, sourceType: 'module' });
  } catch (error) {
    comments.length = 0;
    try {
      return parse(code, { ...options, sourceType: 'script', allowReturnOutsideFunction: true });
    } catch {
      // What a module may not do tells more than what an old script may not.
      throw error;
    }
  }
}

/** Where the comments begin that stand right above a statement, without an empty line between. */
function startWithComment(code: string, comments: readonly Comment[], from: number, start: number): number {
  let first = start;
  for (const comment of [...comments].reverse()) {
    if (comment.end > first || comment.start < from) continue;
    const between = code.slice(comment.end, first);
    const lineStart = code.lastIndexOf('\n', comment.start - 1) + 1;
    // Behind other code on its line, it belongs to that.
    const alone =
      code.slice(Math.max(lineStart, from), comment.start).trim() === '' && (lineStart >= from || from === 0);
    if (between.trim() !== '' || between.split('\n').length > 2 || !alone) break;
    first = comment.start;
  }
  return first;
}

function declarationIn(statement: AnyNode): AnyNode {
  if (statement.type !== 'ExportNamedDeclaration' && statement.type !== 'ExportDefaultDeclaration') return statement;
  const { declaration } = statement;
  return declaration !== null && declaration !== undefined && /Declaration$/.test(declaration.type)
    ? (declaration as AnyNode)
    : statement;
}

function classify(node: AnyNode, code: string): Pick<TopLevel, 'name' | 'kind' | 'node'> {
  if (node.type === 'FunctionDeclaration') return { name: node.id?.name ?? null, kind: 'function', node };
  if (node.type === 'ClassDeclaration') return { name: node.id?.name ?? null, kind: 'class', node };
  if (node.type === 'ImportDeclaration') return { name: null, kind: 'import', node };
  if (node.type.startsWith('Export')) return { name: null, kind: 'export', node };
  const text = code.slice(node.start, node.end);
  if (node.type === 'VariableDeclaration') {
    const [first] = node.declarations;
    const init = first?.init;
    const name = first?.id.type === 'Identifier' ? first.id.name : null;
    if (/^\w+\s+[\s\S]*?=\s*(?:await\s+import|require)\(/.test(text)) return { name: null, kind: 'import', node };
    if (init?.type === 'ArrowFunctionExpression' || init?.type === 'FunctionExpression') {
      return { name, kind: 'function', node: init };
    }
    if (init?.type === 'ClassExpression') return { name, kind: 'class', node: init };
    return name === null ? { name: null, kind: 'statement', node } : { name, kind: 'declaration', node };
  }
  if (/^(?:module\.)?exports\b/.test(text)) return { name: null, kind: 'export', node };
  if (/^(?:console\.)?assert|^expect\(|^(?:test|it|describe)\(/.test(text)) {
    return { name: null, kind: 'assertion', node };
  }
  return { name: null, kind: 'statement', node };
}
