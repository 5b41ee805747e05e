/**
 * Python source of `Lines`, which sees what lines of the project's own code are run: through sys.monitoring where there
 * is one (Python 3.12 and later: next to no cost), else through coverage.py's tracer where the interpreter has it, else
 * through sys.settrace. What counts are statements, each at its first line, as coverage.py counts them.
 *
 * Tested code runs in the same process, so it is not believed: a line counts only for a code object that is part of the
 * file as it is on disk (text compiled under the file's name is none), and who meddles with tracing, or searches the
 * heap for what is kept here, makes the measurement void. Needs Python 3.8.
 */
export const pythonLines = `
import ast, dis, os, sys, threading, types


class Lines:
    # Traced events (about 5 s of work) after which measuring is given up, so that slow tests still end in time.
    budget = 15000000
    tool = 4

    def __init__(self, root):
        self.root = os.path.realpath(root) + os.sep
        self.files, self.named, self.codes = {}, {}, {}
        self.problem, self.library, self.tracer = None, None, None
        self.running = False

    def is_own(self, real):
        return real.startswith(self.root) and "site-packages" not in real[len(self.root):].split(os.sep)

    def read(self, name):
        """The code objects of a file of the project with their lines, and which line begins which statement."""
        if name in self.named:
            return self.named[name]
        real = os.path.realpath(name)
        if real not in self.files and self.is_own(real):
            try:
                with open(real, "rb") as file:
                    text = file.read()
                tree = ast.parse(text)
                pending = [compile(text, real, "exec", dont_inherit=True)]
            except (OSError, SyntaxError, ValueError, RecursionError):
                self.named[name] = None
                return None
            begins, dropped = first_lines(tree)
            parts = {}
            while pending:
                code = pending.pop()
                # Before 3.11 a file without a statement has a line all the same.
                lines = set(line for _, line in dis.findlinestarts(code) if line and tree.body)
                parts[code] = lines
                pending.extend(one for one in code.co_consts if isinstance(one, types.CodeType))
            self.files[real] = (parts, begins, dropped, set())
        self.named[name] = self.files.get(real)
        return self.named[name]

    def place(self, code):
        """The lines of a code object that are still to be seen, and where they are noted; None for foreign code."""
        found = self.codes.get(id(code))
        if found is None:
            # Keeping the code object keeps its id from being given away.
            found = self.codes[id(code)] = [code, None, None]
            file = self.read(code.co_filename)
            if file is not None and code in file[0]:
                found[1:] = [set(file[0][code]), file[3]]
        return found if found[1] else None

    def start(self):
        self.running = True
        monitoring = getattr(sys, "monitoring", None)
        if monitoring is not None:
            def on_line(code, line):
                found = self.place(code)
                if found is not None and line in found[1]:
                    found[1].discard(line)
                    found[2].add(line)
                return monitoring.DISABLE
            monitoring.use_tool_id(self.tool, "wilson")
            monitoring.register_callback(self.tool, monitoring.events.LINE, on_line)
            monitoring.set_events(self.tool, monitoring.events.LINE)
        elif not self.start_library():
            self.start_tracing()
        sys.addaudithook(self.audit)

    def start_library(self):
        try:
            import coverage
            self.library = coverage.Coverage(data_file=None, config_file=False, include=[self.root + "*"])
            self.library.start()
        except Exception:
            self.library = None
            return False
        self.tracer = sys.gettrace()
        getattr(coverage.Coverage, "_instances", []).clear()
        return True

    def start_tracing(self):
        codes, place, caller, budget, events = self.codes, self.place, sys._getframe, self.budget, 0

        def on_call(frame, event, argument):
            nonlocal events
            events += 1
            if events > budget:
                give_up()
                return None
            if event != "call" or frame is not caller(1):
                return None
            code = frame.f_code
            found = codes.get(id(code)) or place(code)
            if found is None or not found[1]:
                return None
            _, left, seen = found

            def on_line(frame, event, argument):
                nonlocal events
                events += 1
                line = frame.f_lineno
                if line in left and event == "line" and frame is caller(1) and frame.f_code is code:
                    seen.add(line)
                    left.discard(line)
                    if not left:
                        frame.f_trace = None
                elif events > budget:
                    give_up()
                    frame.f_trace = None
                return on_line
            return on_line

        def give_up():
            self.problem = "the tests run too many lines for this Python to trace"
            sys.settrace(None)
        self.tracer = on_call
        threading.settrace(on_call)
        sys.settrace(on_call)

    def audit(self, event, arguments):
        if not self.running or self.problem is not None:
            return
        if event in ("sys.settrace", "sys.monitoring.register_callback", "gc.get_objects", "gc.get_referrers"):
            if self.is_own(os.path.realpath(sys._getframe(1).f_code.co_filename)):
                self.problem = "the tested code meddles with tracing"
        elif event == "exec" and arguments and isinstance(arguments[0], types.CodeType):
            code = arguments[0]
            file = self.named.get(code.co_filename)
            if self.library is not None and file is not None and code not in file[0]:
                self.problem = "the tested code runs other code under the name of a file"

    def stop(self):
        """Ends measuring. A process can measure once."""
        if not self.running:
            return
        self.running = False
        monitoring = getattr(sys, "monitoring", None)
        if monitoring is not None:
            if monitoring.get_tool(self.tool) != "wilson" or monitoring.get_events(self.tool) != monitoring.events.LINE:
                self.problem = self.problem or "something else took over tracing"
            else:
                monitoring.set_events(self.tool, 0)
                monitoring.free_tool_id(self.tool)
            return
        if self.problem is None and sys.gettrace() is not self.tracer:
            self.problem = "something else took over tracing"
        threading.settrace(None)
        sys.settrace(None)
        if self.library is not None:
            self.library.stop()
            data = self.library.get_data()
            for name in data.measured_files():
                file = self.read(name)
                if file is not None:
                    file[3].update(data.lines(name) or ())

    def of(self, name):
        """Statements of a file (relative to the root) and which of them were run, by first lines; None where it does not parse."""
        file = self.read(os.path.join(self.root, name))
        if file is None:
            return None
        parts, begins, dropped, seen = file
        code = set().union(*parts.values())
        statements = set(begins.get(line, line) for line in code) - dropped
        run = set(begins.get(line, line) for line in seen if line in code)
        return [sorted(statements), sorted(run & statements)]

    def seen(self):
        """By path relative to the root, the lines seen in this process."""
        return {real[len(self.root):].replace(os.sep, "/"): sorted(file[3]) for real, file in list(self.files.items())}

    def add(self, name, lines):
        """Notes what another process saw."""
        file = self.read(os.path.join(self.root, name))
        if file is not None:
            file[3].update(line for line in lines if isinstance(line, int))


def first_lines(tree):
    """Maps each line of a statement to its first one; the lines of what the compiler drops come apart."""
    begins, dropped = {}, set()
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None) or getattr(node, "cases", None)
            last = node.end_lineno
            if body:
                first = body[0]
                starts = [getattr(first, "lineno", None) or first.pattern.lineno]
                starts += [one.lineno for one in getattr(first, "decorator_list", [])]
                last = max(node.lineno, min(starts) - 1)
            for line in range(node.lineno, last + 1):
                begins[line] = node.lineno
            for decorator in getattr(node, "decorator_list", []):
                for line in range(decorator.lineno, decorator.end_lineno + 1):
                    begins[line] = decorator.lineno
            # Before 3.10 a jump that only leads to another jump is never seen.
            if isinstance(node, ast.Continue) and sys.version_info < (3, 10):
                dropped.add(node.lineno)
        elif isinstance(node, getattr(ast, "match_case", ())):
            for line in range(node.pattern.lineno, max(node.pattern.lineno, node.body[0].lineno - 1) + 1):
                begins[line] = node.pattern.lineno
        if isinstance(node, (ast.Module, ast.ClassDef)) and ast.get_docstring(node, clean=False) is not None:
            dropped.add(node.body[0].lineno)
        pending.extend(reversed(list(ast.iter_child_nodes(node))))
    return begins, dropped
`;

/**
 * A sitecustomize.py for the Python programs that tests start: it sees what they load and run, and leaves it, at their
 * end, in a folder for {@link pythonRunner}. Its own faults must never be seen by the program.
 */
export function pythonSite(root: string, reports: string): string {
  // JSON texts are Python texts as well.
  return `
def begin():
    import atexit, json, os, sys
    from wilson_lines import Lines
    root, reports = ${JSON.stringify(root)}, ${JSON.stringify(reports)}
    lines = Lines(root)

    def report():
        lines.stop()
        if lines.problem is not None:
            return
        real = os.path.realpath
        files = [getattr(one, "__file__", None) for one in list(sys.modules.values())]
        own = [real(file) for file in files if isinstance(file, str) and lines.is_own(real(file))]
        seen = lines.seen()
        loaded = [os.path.relpath(one, real(root)) for one in own] + [one for one in seen if seen[one]]
        name = os.path.join(reports, str(os.getpid()) + "-" + os.urandom(6).hex())
        with open(name + ".part", "w") as file:
            json.dump({"loaded": loaded, "seen": seen}, file)
        os.rename(name + ".part", name + ".json")

    def quiet():
        try:
            report()
        except Exception:
            pass

    lines.start()
    # After the start: what is registered last runs first, before a tracer of coverage.py ends by itself.
    atexit.register(quiet)


try:
    begin()
except Exception:
    pass
`;
}
