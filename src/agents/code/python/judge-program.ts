/**
 * Runs one candidate against test cases, each with a time limit of its own, and prints one JSON line a case as it goes,
 * so that what was seen before a crash still counts. What the candidate prints goes nowhere.
 *
 * Input (JSON in argv[1]): `code`, `cases` (lists of steps: `check` is run where there is one, otherwise `run`), `mark`
 * (starts every line of ours), `caseTimeoutS`, `observe` (cases are calls, whose results are told instead).
 */
export const judgeProgram = String.raw`
import io, json, os, sys, unittest

data = json.loads(sys.argv[1])
sys.path.insert(0, os.getcwd())
out = sys.stdout
sys.stdout = io.StringIO()
sys.stderr = io.StringIO()
sys.setrecursionlimit(3000)

def say(record):
    out.write(data['mark'] + json.dumps(record) + '\n')
    out.flush()

class Late(BaseException):
    pass

try:
    import signal
    def late(*_):
        raise Late()
    signal.signal(signal.SIGALRM, late)
    def limit(seconds):
        signal.setitimer(signal.ITIMER_REAL, seconds)
except (ImportError, AttributeError):
    def limit(seconds):
        pass

def short(error):
    text = str(error).split('\n')[0][:160]
    return text if isinstance(error, AssertionError) else type(error).__name__ + (': ' + text if text else '')

def observe(scope):
    for index, call in enumerate(data['cases']):
        try:
            limit(data['caseTimeoutS'])
            value = repr(eval(call, dict(scope)))
            limit(0)
            seen = '=' + value[:400]
        except Late:
            say({'case': index, 'results': ['took too long']})
            # Code that never ends would take this long for every call.
            break
        except BaseException as error:
            limit(0)
            seen = type(error).__name__
        say({'case': index, 'results': [seen]})

def main():
    space = {'__name__': 'candidate'}
    try:
        limit(data['caseTimeoutS'])
        exec(compile(data['code'], 'candidate.py', 'exec'), space)
        limit(0)
    except Late:
        return say({'load': 'took too long'})
    except BaseException as error:
        limit(0)
        return say({'load': short(error)})
    say({'load': None})
    if data.get('observe'):
        return observe(space)
    endless = 0
    for index, steps in enumerate(data['cases']):
        if endless == 2:
            # Code that never ends would take this long for every case.
            break
        results = []
        scope = dict(space)
        scope['self'] = unittest.TestCase()
        scope['unittest'] = unittest
        for step in steps:
            verdict = None
            try:
                limit(data['caseTimeoutS'])
                exec(compile(step['check'] or step['run'], 'case.py', 'exec'), scope)
                limit(0)
            except AssertionError as error:
                limit(0)
                verdict = short(error)
            except Late:
                results.append('took too long')
                endless += 1
                break
            except BaseException as error:
                limit(0)
                results.append(short(error) or 'failed')
                break
            results.append(verdict)
        say({'case': index, 'results': results})

main()
`;
