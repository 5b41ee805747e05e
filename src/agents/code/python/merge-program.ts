/**
 * Puts new definitions into an existing Python source without touching the rest of it: what has the same name is
 * replaced (methods one by one), new imports join the imports, new definitions go to the end, before a main guard.
 *
 * Input (JSON in argv[1]): `base` (text) or `basePath` (file, read as it is), `code`. Prints the merged text as JSON.
 */
export const mergeProgram = String.raw`
import ast, json, sys

data = json.loads(sys.argv[1])

def span(node):
    first = min([node.lineno] + [each.lineno for each in getattr(node, 'decorator_list', [])])
    return first - 1, node.end_lineno

def segment(lines, node):
    first, last = span(node)
    return lines[first:last]

DEFS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

def reindent(part, frm, to):
    return [(' ' * to + line[frm:]) if line.strip() else line for line in part]

def main():
    if data.get('basePath') is not None:
        with open(data['basePath'], 'rb') as file:
            raw = file.read()
        try:
            base = raw.decode('utf-8-sig' if raw.startswith(b'\xef\xbb\xbf') else 'utf-8')
        except UnicodeDecodeError:
            return {'error': 'the file is not UTF-8 text'}
    else:
        base = data['base']
    newline = '\r\n' if '\r\n' in base else '\n'
    base, code = base.replace('\r\n', '\n'), data['code'].replace('\r\n', '\n')
    try:
        tree = ast.parse(base)
    except (SyntaxError, ValueError) as error:
        return {'error': 'the existing file does not parse: line %s' % getattr(error, 'lineno', '?')}
    new = ast.parse(code)
    lines, new_lines = base.split('\n'), code.split('\n')
    there = {node.name: node for node in tree.body if isinstance(node, DEFS)}
    edits, appended, imports = [], [], []
    known_imports = {ast.unparse(node) for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))}
    known_imports |= {'from %s import %s' % (node.module, alias.name) for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    known_names = {target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)}
    for node in new.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if ast.unparse(node) not in known_imports:
                imports.append(ast.unparse(node))
        elif isinstance(node, ast.ClassDef) and isinstance(there.get(node.name), ast.ClassDef):
            old = there[node.name]
            methods = {item.name: item for item in old.body if isinstance(item, DEFS)}
            indent = old.body[0].col_offset
            added = []
            for item in node.body:
                if not isinstance(item, DEFS):
                    continue
                text = reindent(segment(new_lines, item), item.col_offset, indent)
                if item.name in methods:
                    edits.append((*span(methods[item.name]), 1, text))
                else:
                    added += [''] + text
            if added:
                edits.append((old.end_lineno, old.end_lineno, 1, added))
        elif isinstance(node, DEFS):
            if node.name in there:
                edits.append((*span(there[node.name]), 1, segment(new_lines, node)))
            else:
                first, last = span(node)
                while first > 0 and new_lines[first - 1].startswith('#'):
                    first -= 1
                appended.append(new_lines[first:last])
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if names and not set(names) & known_names:
                appended.append(segment(new_lines, node))
    if appended:
        at = len(lines)
        while at > 0 and not lines[at - 1].strip():
            at -= 1
        for node in tree.body:
            if isinstance(node, ast.If) and '__name__' in ast.unparse(node.test):
                at = node.lineno - 1
                while at > 0 and (not lines[at - 1].strip() or lines[at - 1].startswith('#')):
                    at -= 1
                break
        block = []
        for part in appended:
            block += ([''] * 2 if at > 0 or block else []) + part
        edits.append((at, at, 2, block))
    if imports:
        at = 0
        for node in tree.body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                at = node.end_lineno
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and at == 0:
                at = node.end_lineno
        if at == 0:
            while at < len(lines) and lines[at].startswith('#'):
                at += 1
        gap = [''] * 2 if at < len(lines) and lines[at].strip() and not lines[at].startswith(('import', 'from')) else []
        edits.append((at, at, 0, imports + gap))
    # From the end, so that earlier line numbers stay true; at one place what comes last in the text goes in first.
    for first, last, _, text in sorted(edits, key=lambda edit: edit[:3], reverse=True):
        lines[first:last] = text
    merged = '\n'.join(lines).rstrip('\n') + '\n'
    ast.parse(merged)
    return {'error': None, 'merged': merged.replace('\n', newline), 'replaced': [node.name for node in new.body if isinstance(node, DEFS) and node.name in there]}

try:
    print(json.dumps(main()))
except (SyntaxError, ValueError, OSError, MemoryError, RecursionError) as error:
    print(json.dumps({'error': '%s: %s' % (type(error).__name__, error)}))
`;
