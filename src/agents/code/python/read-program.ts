/**
 * Reads Python with Python's own parser: what it defines, the part worth keeping, and the test cases in it. It runs
 * nothing of what it reads.
 *
 * Input (JSON in argv[1]): `code`, `names` (functions and classes that cases must use; empty: those the code defines),
 * `lines` (each read alone, so that one broken line costs only itself), `keepMain` (a program keeps its statements).
 */
export const readProgram = String.raw`
import ast, builtins, json, sys

BUILTINS = set(dir(builtins))
SAFE = {'round', 'len', 'sorted', 'list', 'set', 'tuple', 'dict', 'abs', 'str', 'int', 'float', 'max', 'min', 'sum', 'bool', 'isinstance'}
KNOWN = {}
for module, names in {
    'typing': 'List Dict Tuple Set Optional Union Any Callable Iterable Iterator Sequence',
    'collections': 'Counter defaultdict deque OrderedDict namedtuple',
    'functools': 'reduce lru_cache wraps partial',
    'datetime': 'timedelta',
    'dataclasses': 'dataclass field',
    'abc': 'ABC abstractmethod',
    'pathlib': 'Path',
    'fractions': 'Fraction',
    'decimal': 'Decimal',
}.items():
    for name in names.split():
        KNOWN[name] = module

def parse(code):
    try:
        return code, ast.parse(code), None
    except (SyntaxError, ValueError) as error:
        lines = code.split('\n')
        # An answer that was cut off: whole statements before the cut still count.
        for end in range(len(lines) - 1, 0, -1):
            if not lines[end] or lines[end][0] in ' \t)]}#@':
                continue
            part = '\n'.join(lines[:end])
            try:
                tree = ast.parse(part)
            except (SyntaxError, ValueError):
                continue
            if tree.body:
                return part, tree, None
        line = getattr(error, 'lineno', None)
        return code, None, 'line %s: %s' % (line, getattr(error, 'msg', error))

def literal(node):
    try:
        ast.literal_eval(node)
        return True
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        pass
    allowed = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.List, ast.Tuple, ast.Load)
    return all(isinstance(each, allowed) for each in ast.walk(node))

def names_of(node):
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}

class Inline(ast.NodeTransformer):
    def __init__(self, known):
        self.known = known
    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load) and node.id in self.known:
            return self.known[node.id]
        return node

def method_name(node):
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if isinstance(node.func.value, ast.Name) and node.func.value.id == 'self':
            return node.func.attr
    return None

def compared(statement):
    """The pair (actual, expected) of an assertion, or None."""
    if isinstance(statement, ast.Assert):
        test = statement.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Eq, ast.Is)):
            left, right = test.left, test.comparators[0]
            if literal(left) and not literal(right):
                left, right = right, left
            return left, right
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return test.operand, ast.Constant(False)
        if isinstance(test, (ast.Call, ast.Compare)):
            return test, ast.Constant(True)
        return None
    if isinstance(statement, ast.Expr):
        name, call = method_name(statement.value), statement.value
        if name in ('assertEqual', 'assertEquals', 'assertAlmostEqual', 'assertListEqual', 'assertIs', 'assertDictEqual') and len(call.args) >= 2:
            left, right = call.args[0], call.args[1]
            if literal(left) and not literal(right):
                left, right = right, left
            return left, right
        if name in ('assertTrue', 'assertFalse') and call.args:
            return call.args[0], ast.Constant(name == 'assertTrue')
        if name == 'assertIsNone' and call.args:
            return call.args[0], ast.Constant(None)
    return None

def check_source(actual, expected):
    actual, value = ast.unparse(actual), ast.unparse(expected)
    if value in ('True', 'False'):
        # Stricter than assertTrue, which any object passes.
        return 'self.assertIs(%s, %s)' % (actual, value)
    if value == 'None':
        return 'self.assertIsNone(%s)' % actual
    if isinstance(expected, ast.Constant) and isinstance(expected.value, float):
        return 'self.assertAlmostEqual(%s, %s)' % (actual, value)
    return 'self.assertEqual(%s, %s)' % (actual, value)

def raises(statement, names):
    if not isinstance(statement, ast.With) or len(statement.items) != 1 or len(statement.body) != 1:
        return None
    context, body = statement.items[0].context_expr, statement.body[0]
    if method_name(context) != 'assertRaises' or len(context.args) != 1 or not isinstance(body, ast.Expr):
        return None
    if not isinstance(context.args[0], ast.Name) or context.args[0].id not in BUILTINS:
        return None
    return body.value, context.args[0].id

def usable(node, functions, local):
    used = names_of(node)
    return bool(used & functions) and used <= functions | SAFE | local

def read_statement(statement, functions, known, cases):
    """Cases of functions: one assertion whose operands are known by themselves."""
    statement = Inline(known).visit(statement)
    pair = compared(statement)
    if pair is not None and usable(pair[0], functions, set()) and literal(pair[1]):
        call, value = ast.unparse(pair[0]), ast.unparse(pair[1])
        cases.append({'name': None, 'steps': [{'run': call, 'check': check_source(*pair), 'call': call, 'expected': value}]})
        return
    error = raises(statement, functions)
    if error is not None and usable(error[0], functions, set()):
        call = ast.unparse(error[0])
        check = 'with self.assertRaises(%s):\n    %s' % (error[1], call)
        cases.append({'name': None, 'steps': [{'run': '', 'check': check, 'call': call, 'expected': 'raises ' + error[1]}]})

def body_case(name, statements, classes):
    """A case of a class: all its statements in order, some of which check something."""
    steps = []
    for statement in statements:
        if isinstance(statement, (ast.Pass, ast.Import, ast.ImportFrom)) or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            continue
        if isinstance(statement, ast.Return):
            break
        pair = compared(statement)
        if pair is not None:
            has_call = any(isinstance(each, ast.Call) for each in ast.walk(pair[0]))
            steps.append({'run': ast.unparse(pair[0]) if has_call else '', 'check': check_source(*pair), 'call': ast.unparse(pair[0]), 'expected': ast.unparse(pair[1])})
        elif isinstance(statement, ast.Assert):
            steps.append({'run': '', 'check': 'self.assertTrue(%s)' % ast.unparse(statement.test), 'call': ast.unparse(statement.test), 'expected': 'True'})
        elif raises(statement, classes) is not None:
            steps.append({'run': '', 'check': ast.unparse(statement), 'call': ast.unparse(raises(statement, classes)[0]), 'expected': 'raises'})
        else:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and ast.unparse(statement.value.func) == 'print':
                continue
            steps.append({'run': ast.unparse(statement), 'check': None, 'call': '', 'expected': ''})
    while steps and steps[-1]['check'] is None:
        steps.pop()
    used = set()
    for statement in statements:
        used |= names_of(statement)
    if any(step['check'] for step in steps) and used & classes:
        return {'name': name, 'steps': steps}
    return None

def test_bodies(tree):
    """(name, statements) of every test function, methods of test classes with their setUp in front."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith('test') and not node.args.args:
            yield node.name, node.body
        if isinstance(node, ast.ClassDef):
            setup = []
            for item in node.body:
                if isinstance(item, ast.FunctionDef) and item.name == 'setUp':
                    setup = item.body
            for item in node.body:
                if isinstance(item, ast.FunctionDef) and item.name.startswith('test'):
                    yield item.name, setup + item.body

# As requests write them that were not made for Python alone.
LOOSE = {'true': ast.Constant(True), 'false': ast.Constant(False), 'null': ast.Constant(None), 'none': ast.Constant(None)}

def read_cases(tree, functions, classes, given={}):
    cases = []
    known = dict(given)
    loose, owner = [], 0
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name) and literal(node.value):
            known[node.targets[0].id] = node.value
        read_statement(node, functions, known, cases)
        if classes and isinstance(node, (ast.Assign, ast.Expr, ast.Assert)):
            begins = isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and names_of(node.value.func) & classes
            if begins and loose:
                cases.append(body_case(None, loose, classes))
                loose = []
            if begins or loose:
                loose.append(node)
    if loose:
        cases.append(body_case(None, loose, classes))
    for name, statements in test_bodies(tree):
        if classes:
            cases.append(body_case(name, statements, classes))
        else:
            inner = dict(known)
            for statement in statements:
                if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name) and literal(statement.value):
                    inner[statement.targets[0].id] = statement.value
                read_statement(statement, functions, inner, cases)
    return [case for case in cases if case is not None]

def is_test(node):
    if isinstance(node, ast.FunctionDef):
        return node.name.startswith('test_') and not node.args.args
    return isinstance(node, ast.ClassDef) and any('TestCase' in ast.unparse(base) for base in node.bases)

def is_main_guard(node):
    return isinstance(node, ast.If) and '__name__' in names_of(node.test)

def clean(code, tree, keep_main):
    """The code without tests and examples; comments and spacing stay as they were."""
    defined = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not is_test(node)}
    needed = set().union(*(names_of(node) for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not is_test(node)))
    drop = []
    derived = set()
    for index, node in enumerate(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            gone = is_test(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or '']
            gone = 'unittest' in modules or 'pytest' in modules or (isinstance(node, ast.ImportFrom) and bool(defined & {a.name for a in node.names}))
        elif isinstance(node, ast.Assert):
            gone = True
        elif keep_main:
            gone = is_main_guard(node) and 'unittest' in ast.unparse(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = {each for target in (node.targets if isinstance(node, ast.Assign) else [node.target]) for each in names_of(target)}
            derives = node.value is not None and bool(names_of(node.value) & (defined | derived))
            gone = derives or not any(name in needed or name.isupper() or name.startswith('__') for name in targets)
            if derives:
                derived |= targets
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and index == 0:
            gone = False
        else:
            gone = True
        if gone:
            first = min([node.lineno] + [d.lineno for d in getattr(node, 'decorator_list', [])])
            drop.append((first, node.end_lineno))
    lines = code.split('\n')
    kept = []
    for number, line in enumerate(lines, 1):
        if not any(first <= number <= last for first, last in drop):
            kept.append(line)
    if not keep_main:
        # A comment such as "# Test cases" that announced what was taken out.
        while kept and (not kept[-1].strip() or kept[-1].startswith('#')):
            kept.pop()
    return '\n'.join(kept).strip('\n') + '\n' if any(line.strip() for line in kept) else ''

def missing_imports(tree):
    bound = set()
    used = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used.append(node.id) if isinstance(node.ctx, ast.Load) else bound.add(node.id))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split('.')[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    found = []
    for name in dict.fromkeys(used):
        if name in bound or name in BUILTINS:
            continue
        if name in KNOWN:
            found.append('from %s import %s' % (KNOWN[name], name))
        elif name in getattr(sys, 'stdlib_module_names', ()):
            found.append('import ' + name)
    return found

def prints_only(node):
    returns = any(isinstance(each, (ast.Yield, ast.YieldFrom)) or (isinstance(each, ast.Return) and each.value is not None) for each in ast.walk(node))
    prints = any(isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == 'print' for each in ast.walk(node))
    return prints and not returns

def is_empty(node):
    return all(isinstance(each, ast.Pass) or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)) for each in node.body)

def describe(tree):
    functions, classes = [], []
    called = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not is_test(node):
            args = node.args.posonlyargs + node.args.args
            called[node.name] = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} - {node.name}
            functions.append({'name': node.name, 'params': [arg.arg for arg in args], 'optional': len(node.args.defaults), 'variadic': node.args.vararg is not None, 'prints': prints_only(node), 'empty': is_empty(node)})
        elif isinstance(node, ast.ClassDef) and not is_test(node):
            methods = [item.name for item in node.body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))]
            classes.append({'name': node.name, 'methods': methods})
    inner = set().union(*called.values()) if called else set()
    for function in functions:
        function['helper'] = function['name'] in inner
    return functions, classes

def main():
    data = json.loads(sys.argv[1])
    code, tree, error = parse(data['code'])
    if tree is None:
        tree = ast.parse('')
    functions, classes = describe(tree)
    names = set(data['names']) or {each['name'] for each in functions + classes}
    class_names = set(data['classes'])
    cases = read_cases(tree, names - class_names, class_names)
    for line in data['lines']:
        _, part, _ = parse(line)
        if part is not None:
            cases += read_cases(part, names - class_names, class_names, LOOSE)
    cleaned = clean(code, tree, data['keepMain']) if error is None else ''
    if cleaned:
        extra = missing_imports(ast.parse(cleaned))
        if extra:
            cleaned = '\n'.join(extra) + '\n\n' + ('' if cleaned.startswith(('import', 'from')) else '\n') + cleaned
    requires = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            requires += [alias.name.split('.')[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            requires.append(node.module.split('.')[0])
    outside = [name for name in dict.fromkeys(requires) if name not in getattr(sys, 'stdlib_module_names', ())]
    reads_input = any(isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'input' for node in ast.walk(tree))
    print(json.dumps({'error': error, 'clean': cleaned, 'functions': functions, 'classes': classes, 'cases': cases, 'outside': outside, 'readsInput': reads_input}))

main()
`;
