import { pythonHollow } from './python-hollow.js';
import { pythonLines } from './python-lines.js';

/** What {@link pythonRunner} is told, in a file that is gone before the first line of the tested code runs. */
export interface PythonRunnerOrder {
  readonly root: string;
  /** Where the counts go. */
  readonly result: string;
  readonly nonce: string;
  /** Other than `as-is`: the functions of `modules` are hollowed out first. */
  readonly variant: string;
  readonly modules: readonly string[];
  readonly tests: readonly string[];
  /** Files whose lines are wanted besides those that are loaded; null measures nothing. */
  readonly measure: readonly string[] | null;
  /** The folder of a sitecustomize.py for programs that the tests start, and where that leaves its reports. */
  readonly site: string;
  readonly reports: string;
}

/**
 * Runs Python tests and counts them itself, through the API of unittest (or pytest where a test file imports it): what a
 * test prints decides nothing. The counts go into a file that the tests are not told of, written after the last test;
 * a test that ends the process leaves no such file. The functions of unittest are compared with what they were before
 * the first line of the tested code ran, and the runner itself is not to be found in `__main__`.
 *
 * Its argument is a file with a {@link PythonRunnerOrder}.
 */
export const pythonRunner = String.raw`
import sys
sys.path = [entry for entry in sys.path if entry]
import ast, asyncio, importlib, importlib.util, inspect, json, os, traceback, types, unittest

with open(sys.argv[1], "rb") as file:
    order = json.load(file)
os.unlink(sys.argv[1])
root, result_file, nonce, variant = order["root"], order["result"], order["nonce"], order["variant"]
modules, test_files, measure = order["modules"], order["tests"], order["measure"]
sys.argv = ["unittest"]
sys.orig_argv = ["python3"]
own_module = sys.modules["__main__"]
sys.modules["__main__"] = types.ModuleType("__main__")
open_file, write_file, close_file, leave, to_json = os.open, os.write, os.close, os._exit, json.dumps
path_join, real_path, relative = os.path.join, os.path.realpath, os.path.relpath


${pythonHollow}
${pythonLines}
if variant != "as-is":
    hollow_out(root, modules, variant)

lines = Lines(root)
os.environ["PYTHONPATH"] = os.pathsep.join([order["site"]] + [one for one in [os.environ.get("PYTHONPATH")] if one])
guarded = [
    (owner, name, value)
    for owner in (unittest.TestCase, unittest.TestSuite, unittest.TestResult, unittest.TestLoader,
                  unittest.FunctionTestCase, getattr(unittest.case, "_Outcome", unittest.TestCase))
    for name, value in vars(owner).items()
    if callable(value)
]
# A test file that calls unittest.main() while it is imported would end the run.
unittest.main = lambda *args, **kwargs: None


def tampered():
    return any(vars(owner).get(name) is not value for owner, name, value in guarded)


class Recorder(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.passed, self.broken, self.left_out, self.problems = set(), set(), set(), []

    def note(self, test, error):
        self.broken.add(test.id())
        if len(self.problems) < 20:
            text = "".join(traceback.format_exception(*error))
            self.problems.append(test.id() + "\n" + text[-1500:])

    def addSuccess(self, test):
        self.passed.add(test.id())

    def addFailure(self, test, error):
        self.note(test, error)

    def addError(self, test, error):
        self.note(test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.note(test, error)

    def addSkip(self, test, reason):
        self.left_out.add(test.id())

    def addExpectedFailure(self, test, error):
        self.left_out.add(test.id())

    def addUnexpectedSuccess(self, test):
        self.broken.add(test.id())
        self.problems.append(test.id() + "\nwas expected to fail, and passed")


class Named(unittest.FunctionTestCase):
    def __init__(self, function, name):
        super().__init__(function)
        self.name = name

    def id(self):
        return self.name


def plain(function, *before):
    def run():
        for one in before:
            one()
        value = function()
        if inspect.iscoroutine(value):
            asyncio.run(value)
    return run


def needs_nothing(function, skip):
    parameters = list(inspect.signature(function).parameters.values())[skip:]
    return all(one.default is not one.empty or one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in parameters)


def loose_tests(module, name):
    """Tests in the manner of pytest: functions, and classes that are no TestCase."""
    for attribute, value in list(vars(module).items()):
        if attribute.startswith("test") and inspect.isfunction(value) and value.__module__ == module.__name__:
            label = name + "::" + attribute
            if needs_nothing(value, 0):
                yield Named(plain(value), label)
            else:
                yield Named(plain(lambda: unittest.TestCase().fail("needs a fixture of pytest")), label)
        if attribute.startswith("Test") and inspect.isclass(value) and not issubclass(value, unittest.TestCase):
            for method, function in list(vars(value).items()):
                if method.startswith("test") and inspect.isfunction(function) and needs_nothing(function, 1):
                    def run(owner=value, method=method):
                        one = owner()
                        plain(getattr(one, method), *[getattr(one, "setup_method")] * hasattr(one, "setup_method"))()
                    yield Named(run, name + "::" + attribute + "::" + method)


def load(name):
    folder = os.path.dirname(path_join(root, name))
    parts = [os.path.splitext(os.path.basename(name))[0]]
    top = folder
    while os.path.exists(path_join(top, "__init__.py")) and top.startswith(root):
        parts.insert(0, os.path.basename(top))
        top = os.path.dirname(top)
    for entry in (path_join(root, "src"), root, top):
        if os.path.isdir(entry):
            if entry in sys.path:
                sys.path.remove(entry)
            sys.path.insert(0, entry)
    if len(parts) > 1:
        return importlib.import_module(".".join(parts))
    label = parts[0] if parts[0] not in sys.modules else parts[0] + "_" + str(len(sys.modules))
    spec = importlib.util.spec_from_file_location(label, path_join(root, name))
    module = importlib.util.module_from_spec(spec)
    sys.modules[label] = module
    spec.loader.exec_module(module)
    return module


def uses_pytest(name):
    with open(path_join(root, name), "rb") as file:
        try:
            tree = ast.parse(file.read())
        except (SyntaxError, ValueError):
            return False
    for node in ast.walk(tree):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        if any(one.split(".")[0] == "pytest" for one in names):
            return True
    return False


class PytestRecorder:
    def __init__(self, recorder):
        self.recorder = recorder

    def broken(self, name, report):
        self.recorder.broken.add(name)
        if len(self.recorder.problems) < 20:
            self.recorder.problems.append(name + "\n" + str(report.longrepr)[-1500:])

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.broken(report.nodeid, report)
        elif report.skipped:
            self.recorder.left_out.add(report.nodeid)
        elif report.when == "call":
            self.recorder.passed.add(report.nodeid)

    def pytest_collectreport(self, report):
        if report.failed:
            self.broken(report.nodeid, report)


class LoadFailure:
    def __init__(self, name):
        self.name = name

    def id(self):
        return self.name


def reported():
    """What the Python programs that the tests started have loaded and run."""
    for name in os.listdir(order["reports"]):
        if name.endswith(".json"):
            try:
                with open(path_join(order["reports"], name), "rb") as file:
                    report = json.load(file)
                yield [str(one) for one in report["loaded"]], [(str(one), list(report["seen"][one])) for one in report["seen"]]
            except (OSError, ValueError, KeyError, TypeError):
                # Cut off with its process, or not one of ours.
                continue


def main():
    recorder = Recorder()
    run = unittest.TestSuite.run
    if measure is not None:
        # Read before anything can change them.
        for name in measure:
            lines.read(path_join(lines.root, name))
        lines.start()
    with_pytest = [name for name in test_files if uses_pytest(name)]
    suite = unittest.TestSuite()
    for name in test_files:
        if name in with_pytest or os.path.basename(name) == "conftest.py":
            continue
        try:
            module = load(name)
            suite.addTests([unittest.defaultTestLoader.loadTestsFromModule(module), *loose_tests(module, name)])
        except BaseException:
            recorder.note(LoadFailure(name), sys.exc_info())
    spoiled = tampered()
    try:
        run(suite, recorder)
    except BaseException:
        recorder.note(LoadFailure("the test run"), sys.exc_info())
    if with_pytest:
        for entry in (path_join(root, "src"), root):
            if os.path.isdir(entry) and entry not in sys.path:
                sys.path.insert(0, entry)
        try:
            import pytest
            options = ["-q", "-p", "no:cacheprovider", "-o", "addopts=", "--rootdir", root]
            pytest.main([*options, *[path_join(root, name) for name in with_pytest]], plugins=[PytestRecorder(recorder)])
        except BaseException:
            recorder.note(LoadFailure(with_pytest[0]), sys.exc_info())
    broken = recorder.broken
    passed = recorder.passed - broken - recorder.left_out
    loaded = set()
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and lines.is_own(real_path(file)):
            loaded.add(relative(real_path(file), real_path(root)).replace(os.sep, "/"))
    lines.stop()
    for names, seen in reported():
        loaded.update(name for name in names if os.path.isfile(path_join(root, name)))
        for name, run_lines in seen:
            lines.add(name, run_lines)
    measured = {} if measure is None else {
        name: lines.of(name) for name in sorted(loaded.union(measure).difference(test_files))
    }
    result = to_json({
        "nonce": nonce,
        "lines": {name: value for name, value in measured.items() if value is not None},
        "unmeasured": lines.problem,
        "ran": len(passed) + len(broken),
        "failed": len(broken),
        "skipped": len(recorder.left_out - broken),
        "passed": sorted(passed),
        "broken": sorted(broken),
        "problems": recorder.problems,
        "loaded": sorted(loaded),
        "tampered": spoiled or tampered(),
    })
    sys.stdout.flush()
    sys.stderr.flush()
    file = open_file(result_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    data = result.encode()
    while data:
        data = data[write_file(file, data):]
    close_file(file)
    leave(1 if broken or not passed else 0)


main()
`;

/** Prints one line of JSON: the files that do not parse, each with the reason. Nothing is executed or written. */
export const pythonSyntaxCheck = `
import sys
sys.path = [entry for entry in sys.path if entry]
import json, warnings
warnings.simplefilter("ignore")
broken = {}
for name in sys.argv[1:]:
    try:
        with open(name, "rb") as file:
            compile(file.read(), name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        broken[name] = type(error).__name__ + ": " + str(error)
print(json.dumps(broken))
`;
