import { describe, expect, it } from 'vitest';
import { needsPlan } from '../../../src/task/needs-plan.js';

const planned = [
  'Build a command line todo app in Python that can add, list and complete items, stored in a JSON file, with tests',
  'a command line expense tracker stored in a CSV file, with tests',
  'build a contact book in Python with tests',
  'a word-guessing game with tests',
  'write a unit converter CLI with tests',
  'create a password generator tool with unit tests',
  'Build me a habit tracker for the terminal with tests and a review',
  'Make a command line library system: books can be added, lent and returned, saved as JSON. With tests please.',
  'create a REST API with users and posts in Express, with tests',
  'Hey Wilson, could you build this app for me? A todo list with a web page.',
  'build a complex authentication system',
  'Please create a small web app with a login and a dashboard',
  'develop a chat application with rooms, accounts and a database',
  'I need a full-stack web application for booking rooms',
  'implement an inventory management system in Python, tested and reviewed',
  'make a multiplayer game with a lobby',
  'Write a blog platform with posts, comments and tags',
  'build a complete project management tool with docs',
  'write the parser, then test it, then write docs',
  'Implement the cache, add tests for it, and have it reviewed.',
  '1. build the importer\n2. write tests for it\n3. document it in the README',
  'Create a calculator program in Python with unit tests and 90% coverage',
  'design and build a microservice for sending invoices, with tests',
  'can you make a flashcard app in Python with tests?',
  'write a note taking program that saves notes in notes.json, with tests',
  'create an online shop backend',
  'scaffold a REST API for a library with authors and books',
  'Build a bank account simulator with deposits and withdrawals, with unit tests',
  'refactor the parser, then write tests for it, then write docs',
  'Build an app that never loses data and has unit tests',
  'Do not forget the tests, and build an app',
  'Erstelle ein Kommandozeilenprogramm für Todos in Python mit Tests',
  'Baue mir eine Todo-App für die Kommandozeile, die Einträge in einer JSON-Datei speichert, mit Tests',
  'Schreibe einen Taschenrechner in Python und vergiss die Tests nicht',
  'Ich brauche eine Webanwendung mit Benutzern und Beiträgen',
  'Crée une application de liste de tâches en ligne de commande en Python avec des tests',
  'Écris un programme de gestion de tâches, avec des tests unitaires',
  'Crea una aplicación de tareas para la línea de comandos en Python con pruebas',
  'Necesito un sistema de inventario con pruebas unitarias',
  'Crea una app todo da riga di comando in Python con test',
  "Scrivi un'applicazione per le spese con test unitari",
  'Crie um aplicativo de tarefas de linha de comando em Python com testes',
  'Bouw een todo-app voor de opdrachtregel in Python met tests',
  'Maak een takenlijst-app in Python, met tests',
  'Напиши приложение для списка задач на Python с тестами',
  '用Python写一个命令行待办事项应用，带测试',
  '帮我做一个待办事项程序，并编写单元测试',
  'PythonでコマンドラインのTODOアプリを作って、テストも書いて',
  '파이썬으로 할 일 앱을 만들어줘, 테스트도 작성해줘',
];

const single = [
  'Write slugify.py with a function slugify(text) and unittest tests for it',
  'write a function is_palindrome(text) with tests',
  'create a Stack class in stack.py with tests',
  'fix the failing test in test/date.test.js',
  'refactor utils.py so that nothing is duplicated',
  'add a dark mode to the settings page',
  'make me a script that renames all my photos by date taken',
  'port this bash script to Python',
  'Schreib mir ein Programm, das Primzahlen ausgibt',
  'write a program that prints the first ten primes',
  'get rid of all the eslint errors in packages/web',
  'Replace the hand-written SQL in reports_controller.rb with ActiveRecord scopes, behaviour must stay identical.',
  'the login page is broken, submitting the form just reloads it. fix pls',
  'upgrade the app from vue 2 to vue 3',
  'I need a webhook endpoint that verifies the GitHub signature and puts the payload on our queue',
  'implement retry with exponential backoff in httpClient.ts',
  'convert src/api from callbacks to async/await',
  'would you mind swapping moment for date-fns across the frontend',
  'getUserById throws when the user is soft deleted, it should return null instead',
  'can we have the admin table sortable by clicking on the column headers',
  'port the express app to fastify, keep the routes the same',
  'make the navbar sticky on mobile',
  'Could you add pagination to GET /api/orders? 50 per page, cursor based.',
  "fix the typo in the 404 page, it says 'Page no found'",
  'add an index on orders.customer_id plus the migration for it',
  'need a tiny CLI in Go that tails our queue and prints messages as they come in',
  'Can you set up a GitHub Actions workflow that lints and builds on every push?',
  'the export button in my gradio app does nothing when you click it',
  'type hints for everything in features.py pls',
  'cld you make a lil snake game in pygame pls',
  'could you get the app to remember its window size between launches',
  'bump the hidden size in model.py to 256 and make it a command line flag',
  'make clean_data() work with polars instead of pandas',
  'replace all the print statements in etl/ with proper logging',
  'add ctrl+z undo to the level editor',
  'implement a ring buffer in C, lock free, single producer single consumer, header only',
  'memory leak in texture_cache.cpp line 210ish, the early return never frees the staging buf. patch it',
  'whip up a pong clone in love2d for my nephew, two players same keyboard',
  'cn u add a --json flag to the status cmd',
  'Write a tool that counts words, without tests',
  'add tests for the cart service',
  'write a regex that matches UK postcodes',
  'Create hello.py that prints hello, no tests please',
  'Fix the bug in app.py and add a regression test',
  'write fizzbuzz.js with a function fizzbuzz(n) and tests',
  'make a list of numbers and sort them with tests',
  'Write a program that tests whether a number is prime',
  'Schreibe eine Funktion ist_primzahl(n) mit Tests',
  'Behebe den Fehler in der App und ergänze einen Test',
  'Erstelle eine Todo-App ohne Tests',
  'Écris une fonction qui inverse une chaîne, avec des tests',
  "Corrige l'application pour que les tests passent",
  'Escribe una función que sume dos números, con pruebas',
  'Corrige el programa y añade pruebas',
  'Scrivi una funzione che inverte una stringa, con test',
  'Crie uma função que some dois números, com testes',
  'Schrijf een functie die een tekst omdraait, met tests',
  'Напиши функцию с тестами',
  '写一个函数判断素数，带测试',
  '修复应用里的错误，并添加测试',
  '写一个打印素数的程序',
  '写一个待办程序，不要测试',
];

describe('needsPlan', () => {
  it.each(planned)('plans: %s', (text) => {
    expect(needsPlan(text, 'code')).toBe(true);
  });

  it.each(single)('keeps as one task: %s', (text) => {
    expect(needsPlan(text, 'code')).toBe(false);
  });

  it('plans neither reviews nor reports nor tests, whatever they are about', () => {
    for (const type of ['review', 'research', 'analysis', 'test'] as const) {
      expect(needsPlan('build a complex authentication system with tests', type)).toBe(false);
    }
  });

  it('is done at once with a long text', () => {
    const started = performance.now();
    needsPlan(`build an app with ${'a, and '.repeat(200_000)}`, 'code');
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
