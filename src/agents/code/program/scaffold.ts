import {
  argumentsOf,
  collectionOf,
  type Field,
  type OutlinedFunction,
  type ProgramOutline,
  type Records,
} from './outline.js';

/** What stands before the functions: imports and, where something is kept, where. */
export function programHead(outline: ProgramOutline): string {
  const { records } = outline;
  const imports = ['argparse', 'sys'];
  if (records !== null) imports.push('os', records.format);
  const lines = [`"""${docText(outline.about)}"""`, '', ...imports.sort().map((name) => `import ${name}`)];
  if (records !== null) lines.push('', `STORE = ${JSON.stringify(records.storePath)}`);
  if (records?.format === 'csv') lines.push(`FIELDS = ${JSON.stringify(records.fields.map((field) => field.name))}`);
  return `${lines.join('\n')}\n`;
}

/** What stands after the functions: reading and writing the records, and the command line. */
export function programTail(outline: ProgramOutline): string {
  const { records } = outline;
  const parts = records === null ? [] : [records.format === 'csv' ? csvStorage(records) : jsonStorage(records)];
  const main = mainFunction(outline);
  const uses = `${parts.join('')}${main}`;
  if (uses.includes('read_value')) parts.push(valueReader);
  if (uses.includes('print_result')) parts.push(resultPrinter);
  parts.push(main, "if __name__ == '__main__':\n    sys.exit(main())");
  return `${parts.join('\n\n\n')}\n`;
}

/** Functions that {@link programTail} brings along and that others may call. */
export function storageNames(records: Records): { readonly load: string; readonly save: string } {
  const many = collectionOf(records);
  return { load: `load_${many}`, save: `save_${many}` };
}

function jsonStorage(records: Records): string {
  const many = collectionOf(records);
  const { load, save } = storageNames(records);
  return `def ${load}(path):
    """Reads the list of ${many} from a JSON file; an empty list when there is no file."""
    if not os.path.exists(path):
        return []
    with open(path, encoding='utf-8') as file:
        return json.load(file)


def ${save}(path, ${many}):
    """Writes the list of ${many} to a JSON file."""
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(${many}, file, indent=2, ensure_ascii=False)
        file.write('\\n')`;
}

function csvStorage(records: Records): string {
  const many = collectionOf(records);
  const { load, save } = storageNames(records);
  const read = (field: Field): string => {
    if (field.kind === 'number') return `read_value(row['${field.name}'])`;
    return field.kind === 'flag' ? `row['${field.name}'] == 'True'` : `row['${field.name}']`;
  };
  const entries = records.fields.map((field) => `'${field.name}': ${read(field)}`).join(', ');
  return `def ${load}(path):
    """Reads the list of ${many} from a CSV file; an empty list when there is no file."""
    if not os.path.exists(path):
        return []
    with open(path, encoding='utf-8', newline='') as file:
        return [{${entries}} for row in csv.DictReader(file)]


def ${save}(path, ${many}):
    """Writes the list of ${many} to a CSV file."""
    with open(path, 'w', encoding='utf-8', newline='') as file:
        writer = csv.DictWriter(file, fieldnames=FIELDS)
        writer.writeheader()
        writer.writerows(${many})`;
}

const valueReader = `def read_value(text):
    """The number that a text spells, or the text itself."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text`;

const resultPrinter = `def print_result(result):
    """Prints a result: a list line by line, a record with its names."""
    for each in result if isinstance(result, (list, tuple)) else [result]:
        print(', '.join(f'{name}: {value}' for name, value in each.items()) if isinstance(each, dict) else each)`;

function mainFunction(outline: ProgramOutline): string {
  const { records } = outline;
  const lines = [
    'def main(argv=None):',
    '    """Runs one command of the command line; returns the exit code."""',
    `    parser = argparse.ArgumentParser(description=${pythonLine(outline.about)})`,
  ];
  if (records !== null) {
    lines.push(`    parser.add_argument('--file', default=STORE, help='where the ${collectionOf(records)} are kept')`);
  }
  lines.push("    commands = parser.add_subparsers(dest='command', required=True)");
  for (const each of outline.functions) {
    lines.push(`    command = commands.add_parser('${each.command}', help=${pythonLine(helpOf(each))})`);
    for (const name of argumentsOf(outline, each)) {
      lines.push(`    command.add_argument('${name}'${typeOf(name, each, records)})`);
    }
  }
  lines.push('    options = parser.parse_args(argv)', '    try:');
  if (records !== null) lines.push(`        ${collectionOf(records)} = ${storageNames(records).load}(options.file)`);
  for (const [index, each] of outline.functions.entries()) {
    lines.push(`        ${index === 0 ? 'if' : 'elif'} options.command == '${each.command}':`);
    lines.push(`            ${runLine(outline, each)}`);
  }
  lines.push(
    '    except (ValueError, LookupError, TypeError, ArithmeticError, OSError) as error:',
    "        print(f'{parser.prog}: {error}', file=sys.stderr)",
    '        return 1',
    '    return 0',
  );
  return lines.join('\n');
}

function runLine(outline: ProgramOutline, each: OutlinedFunction): string {
  const { records } = outline;
  const typed = argumentsOf(outline, each).map((name) => `options.${name}`);
  if (records === null) return `print_result(${each.name}(${typed.join(', ')}))`;
  const call = `${each.name}(${[collectionOf(records), ...typed].join(', ')})`;
  return each.effect === 'changes' ? `${storageNames(records).save}(options.file, ${call})` : `print_result(${call})`;
}

function typeOf(name: string, each: OutlinedFunction, records: Records | null): string {
  if (records === null) return ', type=read_value';
  if (name === 'number') return ', type=int';
  const field = records.fields.find((known) => known.name === name);
  if (field?.kind === 'text' || (field === undefined && each.examples.length > 0)) return '';
  return ', type=read_value';
}

/** What a function does in a few words: without what it returns and when it refuses. */
export function shortly(each: OutlinedFunction): string {
  const clause = each.does.split(/;|:| and returns |, whose |, ignoring /)[0] ?? each.does;
  return clause.trim();
}

/** What a command does, as its user sees it. */
function helpOf(each: OutlinedFunction): string {
  return shortly(each)
    .replace(/^returns a list with one string for each/, 'shows every')
    .replace(/^returns (how|whether)/, 'says $1')
    .replace(/^returns /, 'shows ')
    .replace(/ at index number - 1\b/, ' with this number');
}

/** The code with a docstring where the function has none. */
export function withDocstring(code: string, each: OutlinedFunction): string {
  const head = new RegExp(`^(def ${each.name}\\([^\\n]*\\):[^\\n\\S]*\\n)(?!\\s*["'])`, 'm');
  const text = shortly(each);
  return code.replace(head, (line) => `${line}    """${docText(text.charAt(0).toUpperCase() + text.slice(1))}."""\n`);
}

/** A literal of one line; argparse takes a percent sign for a format. */
function pythonLine(text: string): string {
  return JSON.stringify(text.replace(/%/g, '%%'));
}

function docText(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"""/g, "'''").replace(/"$/, '" ');
}
