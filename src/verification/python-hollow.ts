/**
 * Python source of `hollow_out`, which replaces the body of every function of some modules, so that tests which pass all
 * the same are seen to check nothing. It works on the text, since Python 3.8 cannot write a syntax tree back.
 */
export const pythonHollow = String.raw`
import ast, io, os, tokenize


def hollow_edits(tree, variant):
    """Spans (line, column in UTF-8 bytes) of the outermost functions' bodies, with what stands there instead."""
    # The other one is the same each time: two calls that are compared with each other differ in nothing.
    value = "None" if variant == "returns-none" else "..."
    pending, edits = [tree], []
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first, last = node.body[0], node.body[-1]
            line = min([first.lineno] + [one.lineno for one in getattr(first, "decorator_list", [])])
            quiet = node.name.startswith("__init") or node.name == "__post_init__"
            new = "pass" if quiet else "return " + value
            edits.append(((line, first.col_offset), (last.end_lineno, last.end_col_offset), new))
            # Its decorators and defaults stay as they are.
        elif isinstance(node, ast.Lambda):
            body = node.body
            edits.append(((body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset), value))
        else:
            pending.extend(ast.iter_child_nodes(node))
    return sorted(edits, reverse=True)


def hollow_out(root, modules, variant):
    texts = []
    for name in modules:
        with open(os.path.join(root, name), "rb") as file:
            raw = file.read()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        lines = io.StringIO(raw.decode(encoding), newline=None).read().encode("utf-8").splitlines(keepends=True)
        texts.append((name, encoding, lines, hollow_edits(ast.parse(raw), variant)))
    any_function = any(edits for _, _, _, edits in texts)
    for name, encoding, lines, edits in texts:
        for (line, column), (last_line, last_column), new in edits:
            tail = lines[last_line - 1][last_column:]
            lines[line - 1:last_line] = [lines[line - 1][:column] + new.encode() + tail]
        # Code without functions is taken away whole.
        text = b"".join(lines).decode("utf-8") if any_function else ""
        with open(os.path.join(root, name), "wb") as file:
            file.write(text.encode(encoding) + b"\n")
`;
