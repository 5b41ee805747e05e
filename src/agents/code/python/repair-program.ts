/**
 * Looks for a version that meets all cases among those that differ from given code in one small place, in the order of the
 * slips that are made most: an argument taken as it comes, a sign, a bound, a comparison, a start of counting. After
 * generate-and-validate repair (GenProg, Le Goues et al. 2012), without a search: one step from each version.
 *
 * Input (JSON in argv[1]): `codes`, `name` (the function to change), `cases` (lists of steps, as the judge takes them),
 * `mark`, `caseTimeoutS`, `totalS`, `limit`. Prints a line for each version that is found: `found` (the text that it came
 * from, with that function as it is now; comments inside it are lost).
 */
export const repairProgram = String.raw`
import ast, copy, io, json, os, signal, sys, time, unittest

data = json.loads(sys.argv[1])
sys.path.insert(0, os.getcwd())
out = sys.stdout
sys.stdout = io.StringIO()
sys.stderr = io.StringIO()
sys.setrecursionlimit(2000)
until = time.monotonic() + data['totalS']

class Late(BaseException):
    pass

def late(*_):
    raise Late()

if hasattr(signal, 'setitimer'):
    signal.signal(signal.SIGALRM, late)

def limit(seconds):
    if hasattr(signal, 'setitimer'):
        signal.setitimer(signal.ITIMER_REAL, seconds)

def meets_all(tree):
    space = {'__name__': 'candidate'}
    try:
        limit(data['caseTimeoutS'])
        exec(compile(tree, 'candidate.py', 'exec'), space)
        for steps in data['cases']:
            scope = dict(space)
            scope['self'] = unittest.TestCase()
            for step in steps:
                limit(data['caseTimeoutS'])
                exec(compile(step['check'] or step['run'], 'case.py', 'exec'), scope)
        return True
    except BaseException:
        return False
    finally:
        limit(0)

def call(name, *args):
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])

OPERATORS = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Pow, ast.FloorDiv], ast.Div: [ast.FloorDiv, ast.Mult],
    ast.FloorDiv: [ast.Div, ast.Mod], ast.Mod: [ast.FloorDiv], ast.Pow: [ast.Mult],
}
COMPARISONS = {
    ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.GtE], ast.Gt: [ast.GtE, ast.Lt], ast.GtE: [ast.Gt, ast.LtE],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.In: [ast.NotIn], ast.NotIn: [ast.In],
}
TWINS = {'min': 'max', 'max': 'min', 'any': 'all', 'all': 'any', 'lower': 'upper', 'upper': 'lower', 'isupper': 'islower',
         'islower': 'isupper', 'ceil': 'floor', 'floor': 'ceil', 'startswith': 'endswith', 'endswith': 'startswith', 'int': 'round'}

def plus(node, amount):
    return ast.BinOp(node, ast.Add() if amount > 0 else ast.Sub(), ast.Constant(abs(amount)))

def near(node):
    """What may stand instead of an expression, each a new node."""
    if isinstance(node, ast.BinOp):
        for other in OPERATORS.get(type(node.op), []):
            yield ast.BinOp(node.left, other(), node.right)
        if isinstance(node.op, (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)):
            yield ast.BinOp(node.right, node.op, node.left)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in COMPARISONS.get(type(node.ops[0]), []):
            yield ast.Compare(node.left, [other()], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield ast.Constant(not node.value)
        elif isinstance(node.value, int):
            yield ast.Constant(node.value + 1)
            yield ast.Constant(node.value - 1)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield node.operand
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        args = node.args
        if node.func.id == 'enumerate' and len(args) == 1:
            yield call('enumerate', args[0], ast.Constant(1))
        elif node.func.id == 'range' and args and not node.keywords:
            ends = [args[0]] if len(args) == 1 else args[:2]
            rest = args[2:]
            start = [ast.Constant(0)] if len(args) == 1 else [ends[0]]
            yield call('range', *start, plus(ends[-1], 1), *rest)
            yield call('range', *start, plus(ends[-1], -1), *rest)
            yield call('range', plus(start[0], 1), ends[-1], *rest)
            yield call('range', plus(start[0], 1), plus(ends[-1], 1), *rest)
        elif len(args) == 2 and not node.keywords:
            yield ast.Call(node.func, args[::-1], [])
        if node.func.id in TWINS:
            yield ast.Call(ast.Name(TWINS[node.func.id], ast.Load()), args, node.keywords)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TWINS:
        yield ast.Call(ast.Attribute(node.func.value, TWINS[node.func.attr], ast.Load()), node.args, node.keywords)
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and node.slice.step is None:
        lower, upper = node.slice.lower, node.slice.upper
        minus = lambda each: each.operand if isinstance(each, ast.UnaryOp) and isinstance(each.op, ast.USub) else ast.UnaryOp(ast.USub(), each)
        if lower is not None and upper is None:
            yield ast.Subscript(node.value, ast.Slice(minus(lower), None, None), ast.Load())
        if upper is not None and lower is None:
            yield ast.Subscript(node.value, ast.Slice(None, minus(upper), None), ast.Load())
        if upper is not None:
            yield ast.Subscript(node.value, ast.Slice(lower, plus(upper, 1), None), ast.Load())
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)

def find(tree):
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == data['name']:
            return node

def slots(function):
    """Places of expressions: (parent, field, index or None)."""
    for parent in ast.walk(function):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, ast.expr):
                yield parent, field, None, value
            elif isinstance(value, list):
                for index, each in enumerate(value):
                    if isinstance(each, ast.expr):
                        yield parent, field, index, each

def arguments(tree, function):
    """The argument taken in another form first."""
    start = 1 if isinstance(function.body[0], ast.Expr) and isinstance(function.body[0].value, ast.Constant) else 0
    for arg in function.args.args:
        name = ast.Name(arg.arg, ast.Load())
        forms = [ast.Call(ast.Attribute(name, 'lower', ast.Load()), [], []), ast.Call(ast.Attribute(name, 'upper', ast.Load()), [], []),
                 call('abs', name), call('sorted', name), call('str', name)]
        for form in forms:
            function.body.insert(start, ast.Assign([ast.Name(arg.arg, ast.Store())], form))
            yield
            del function.body[start]

def expressions(tree, function):
    for parent, field, index, node in list(slots(function)):
        if isinstance(getattr(node, 'ctx', None), (ast.Store, ast.Del)) or (parent is function and field == 'returns'):
            continue
        for other in near(node):
            put(parent, field, index, other)
            yield
        put(parent, field, index, node)

def put(parent, field, index, node):
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node

def results(tree, function):
    """What is returned in another form."""
    for node in list(ast.walk(function)):
        if not isinstance(node, ast.Return) or node.value is None or isinstance(node.value, ast.Constant):
            continue
        value = node.value
        for form in ('str', 'int', 'list', 'tuple', 'sorted', 'abs', 'float'):
            node.value = call(form, value)
            yield
        node.value = ast.Subscript(value, ast.Slice(None, None, ast.UnaryOp(ast.USub(), ast.Constant(1))), ast.Load())
        yield
        node.value = ast.UnaryOp(ast.Not(), value)
        yield
        node.value = value

def statements(tree, function):
    """One statement left out, or a test turned round."""
    for parent in list(ast.walk(function)):
        for field in ('body', 'orelse'):
            block = getattr(parent, field, None)
            if not isinstance(block, list):
                continue
            for index in range(len(block)):
                if len(block) > 1 and isinstance(block[index], (ast.If, ast.Assign, ast.AugAssign, ast.Expr)):
                    node = block.pop(index)
                    yield
                    block.insert(index, node)
                if isinstance(block[index], ast.AugAssign) and type(block[index].op) in OPERATORS:
                    node = block[index]
                    for other in OPERATORS[type(node.op)]:
                        block[index] = ast.AugAssign(node.target, other(), node.value)
                        yield
                    block[index] = node

def with_function(code, first, last, function):
    lines = code.split('\n')
    return '\n'.join(lines[:first - 1] + ast.unparse(function).split('\n') + lines[last:])

def span(function):
    first = min([function.lineno] + [each.lineno for each in function.decorator_list])
    return first, function.end_lineno

def main():
    found = []
    versions = []
    for code in data['codes']:
        tree = ast.parse(code)
        function = find(tree)
        if function is not None:
            versions.append((code, tree, function, span(function)))
    # Kind by kind, so that the likely slips of all versions come before the unlikely ones of the first.
    for kind in (arguments, expressions, results, statements):
        for code, tree, function, place in versions:
            for _ in kind(tree, function):
                if time.monotonic() > until or len(found) >= data['limit']:
                    return
                whole = ast.fix_missing_locations(copy.deepcopy(tree))
                try:
                    text = with_function(code, *place, find(whole))
                except (ValueError, AttributeError, RecursionError):
                    continue
                if text not in found and meets_all(whole):
                    found.append(text)
                    out.write(data['mark'] + json.dumps({'found': text}) + '\n')
                    out.flush()

main()
`;
