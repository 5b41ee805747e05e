/** Parses the file argv[1] and runs nothing of it; exits 0 when it parses. */
export const syntaxProgram = 'import ast, sys; ast.parse(open(sys.argv[1], "rb").read(), sys.argv[1])';
