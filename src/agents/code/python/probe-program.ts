/**
 * Makes calls that candidates can be compared by: the arguments of known calls, changed one at a time, and where no call is
 * known values that fit the annotations, or plain ones. The same input always gives the same calls.
 *
 * Input (JSON in argv[1]): `code` (defines the function), `name`, `calls` (source of known calls), `limit`.
 */
export const probeProgram = `
import ast, json, random, sys

data = json.loads(sys.argv[1])
chance = random.Random(7)
PLAIN = {
    'int': [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 25, 31, 64, 100],
    'float': [0.0, 0.5, 1.0, 1.5, 2.25, 3.0, 10.1, 99.99],
    'str': ['', 'a', 'abc', 'hello world', 'Hello', 'aba', 'xyz', 'A1b2', 'the quick brown fox', 'zz top'],
    'bool': [True, False],
    'list': [[], [1], [1, 2, 3], [3, 1, 2], [5, 5, 1], [-1, 0, 2, 4], [9, 7, 8, 10, 1], [2, 4, 6]],
    'words': [[], ['a'], ['b', 'a'], ['one', 'three', 'two'], ['aa', 'b', 'aa'], ['', 'x']],
    'dict': [{}, {'a': 1}, {'a': 1, 'b': 2}, {'x': 'y'}],
    'tuple': [(), (1,), (1, 2), (3, 1, 2)],
}

def changed(value, depth=0):
    """Values like this one, nearest first."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        step = max(2, abs(value) // 3)
        near = [value + 1, value - 1, value * 2, value + step, abs(value - step), 0, 1, 2, chance.randint(0, max(9, 2 * abs(value)))]
        return near + ([-value] if value < 0 else [])
    if isinstance(value, float):
        return [value + 1, value / 2, value * 2, round(value), 0.0, value + 0.25]
    if isinstance(value, str):
        mixed = list(value)
        chance.shuffle(mixed)
        return ['', value[:-1], value[1:], value[::-1], value + value[:1], value.swapcase(), ''.join(mixed), value * 2, value[:1], value.upper(), value.lower()]
    if isinstance(value, (list, tuple)):
        kind, items = type(value), list(value)
        mixed = items[:]
        chance.shuffle(mixed)
        lists = [[], items[:-1], items[1:], items[::-1], items + items[:1], mixed, items[:1], items * 2]
        if items and depth < 2:
            for _ in range(4):
                at = chance.randrange(len(items))
                lists.append(items[:at] + [chance.choice(changed(items[at], depth + 1) or [items[at]])] + items[at + 1:])
        return [kind(each) for each in lists]
    if isinstance(value, dict):
        keys = list(value)
        less = {key: value[key] for key in keys[:-1]}
        other = {key: (changed(value[key], depth + 1) or [value[key]])[0] for key in keys}
        return [{}, less, other]
    if isinstance(value, set):
        return [set(), set(list(value)[:-1])]
    return []

def plain_for(annotation):
    text = ast.unparse(annotation) if annotation is not None else ''
    outer = text.split('[')[0].split('.')[-1].lower()
    if outer == 'list':
        return PLAIN['words'] if 'str' in text else PLAIN['list']
    if outer in PLAIN:
        return PLAIN[outer]
    return None

def known_calls(name):
    found = []
    for source in data['calls']:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name and not node.keywords:
                try:
                    found.append([ast.literal_eval(arg) for arg in node.args])
                except (ValueError, TypeError, SyntaxError):
                    pass
    return found

def main():
    name, limit = data['name'], data['limit']
    made = []
    known = known_calls(name)
    for args in known:
        made.append(args)
    variants = []
    for args in known:
        for at, value in enumerate(args):
            options = changed(value)
            variants += [args[:at] + [each] + args[at + 1:] for each in options]
        if len(args) > 1:
            for _ in range(4):
                variants.append([chance.choice(changed(value) or [value]) for value in args])
    chance.shuffle(variants)
    made += variants
    if not known:
        function = next((node for node in ast.walk(ast.parse(data['code'])) if isinstance(node, ast.FunctionDef) and node.name == name), None)
        arguments = function.args.posonlyargs + function.args.args if function is not None else []
        arguments = arguments[:len(arguments) - len(function.args.defaults)] if function is not None and function.args.defaults else arguments
        pools = [plain_for(arg.annotation) for arg in arguments]
        # Of a parameter without an annotation the kind is not known: calls that candidates refuse fall away later.
        for _ in range(0 if not arguments else 4 * limit):
            kind = chance.choice(['int', 'str', 'list', 'words'])
            made.append([chance.choice(pool or PLAIN[kind]) for pool in pools])
    calls = []
    for args in made:
        call = '%s(%s)' % (name, ', '.join(map(repr, args)))
        if call not in calls and len(call) < 400:
            calls.append(call)
    print(json.dumps(calls[:limit]))

main()
`;
